"""Leases: free or one holder's, under a fence that only rises."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ranvier.cluster.lease import Lease
from ranvier.storage.database import Database
from tests.support.databases import MakeDatabase, opened


async def test_a_free_lease_is_given_to_the_first(database: Database) -> None:
    leases = database.leases
    await leases.enter("a-1", "a")
    await leases.enter("b-1", "b")
    assert await leases.acquire("job", "a-1") == Lease("job", 1, "a-1", "a")
    assert await leases.acquire("job", "b-1") == Lease("job", 1, "a-1", "a")
    assert await leases.acquire("other", "b-1") == Lease("other", 1, "b-1", "b")


async def test_taking_ones_own_lease_again_raises_its_fence(database: Database) -> None:
    leases = database.leases
    await leases.enter("a-1", "a")
    first = await leases.acquire("job", "a-1")
    second = await leases.acquire("job", "a-1")
    assert second == Lease("job", 2, "a-1", "a")
    await leases.release(first)
    await leases.enter("b-1", "b")
    assert await leases.acquire("job", "b-1") == second, "an old release frees nothing"


async def test_a_released_lease_goes_to_the_next_under_a_higher_fence(database: Database) -> None:
    leases = database.leases
    await leases.enter("a-1", "a")
    await leases.enter("b-1", "b")
    await leases.release(await leases.acquire("job", "a-1"))
    assert await leases.acquire("job", "b-1") == Lease("job", 2, "b-1", "b")


async def test_a_holder_is_removed_only_while_its_counter_stands_still(database: Database) -> None:
    leases = database.leases
    await leases.enter("a-1", "a")
    await leases.enter("b-1", "b")
    await leases.acquire("job", "a-1")
    assert await leases.beat("b-1") == {"a-1": 0, "b-1": 1}
    assert await leases.beat("a-1") == {"a-1": 1, "b-1": 1}
    assert await leases.remove("a-1", 0) is None
    assert await leases.acquire("job", "b-1") == Lease("job", 1, "a-1", "a")
    assert await leases.remove("a-1", 1) == "a"
    assert await leases.remove("a-1", 1) is None
    assert await leases.beat("a-1") == {"b-1": 1}, "who was removed does not come back by a beat"
    assert await leases.acquire("job", "a-1") == Lease("job", 1, "", ""), "and gets nothing"
    assert await leases.acquire("job", "b-1") == Lease("job", 2, "b-1", "b")


async def test_who_leaves_and_who_enters_anew_frees_what_he_had(database: Database) -> None:
    leases = database.leases
    for holder, node in (("a-1", "a"), ("b-1", "b")):
        await leases.enter(holder, node)
        await leases.acquire(f"job of {node}", holder)
    await leases.leave("a-1")
    await leases.leave("a-1")
    await leases.enter("b-2", "b")
    await leases.enter("c-1", "c")
    assert await leases.beat("b-2") == {"b-2": 1, "c-1": 0}
    assert (await leases.acquire("job of a", "c-1")).fence == 2
    assert (await leases.acquire("job of b", "c-1")).fence == 2


async def test_of_many_at_once_one_gets_it(database: Database) -> None:
    leases = database.leases
    holders = [f"{number}-1" for number in range(20)]
    for holder in holders:
        await leases.enter(holder, holder[:-2])
    taken = await asyncio.gather(*(leases.acquire("job", holder) for holder in holders))
    assert len({lease.holder for lease in taken}) == 1
    assert {lease.fence for lease in taken} == {1}


async def test_a_forgotten_name_begins_anew(database: Database) -> None:
    leases = database.leases
    await leases.enter("a-1", "a")
    await leases.acquire("job", "a-1")
    await leases.forget("job")
    await leases.forget("job")
    assert (await leases.acquire("job", "a-1")).fence == 1


async def test_fences_rise_across_restarts(make_database: MakeDatabase, tmp_path: Path) -> None:
    for fence in (1, 2, 3):
        database = await opened(make_database, tmp_path)
        holder = f"a-{fence}"
        await database.leases.enter(holder, "a")
        assert await database.leases.acquire("job", holder) == Lease("job", fence, holder, "a")
        await database.stop()
