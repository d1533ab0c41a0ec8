"""Who holds the head row too long: one who waits for its node is ended, one for a standby never."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ranvier.events.append import Accepted, Append, AppendCondition, LeftOut, Unknown
from ranvier.events.criterion import Criterion
from ranvier.events.errors import ClaimLost, ConditionNotMet, InvalidSequence
from ranvier.events.scheduled_event import ScheduledEvent
from ranvier.events.tag import Tag
from ranvier.storage.errors import StorageError, StorageUnavailable
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.failures import FAILURES
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.appends import append, event, new_append_id, refusals, store
from tests.support.databases import CONTEXT, opened
from tests.support.postgres_server import PostgresServer
from tests.system.postgres.conftest import IMPATIENT

TAG = Tag(b"k", b"v")

Nodes = tuple[PostgresDatabase, PostgresDatabase]


async def until(connection: Any, question: str, is_so: Callable[[Any], bool]) -> Any:
    """Ask until the answer is as wanted."""
    async with asyncio.timeout(60):
        while not is_so(found := await connection.fetchval(question)):
            pass
    return found


async def test_a_holder_that_waits_for_its_node_is_ended_after_the_lock_timeout(
    nodes: Nodes, address: str
) -> None:
    first, _ = nodes
    frozen = await asyncpg.connect(address)
    await frozen.execute("BEGIN; SELECT 1 FROM ranvier.context FOR UPDATE")
    one = append(event(0))
    assert await first.events.append(CONTEXT, [one]) == [LeftOut()]
    async with asyncio.timeout(60):
        # Whoever is ended lets go a moment later.
        while (outcomes := await first.events.append(CONTEXT, [one])) == [LeftOut()]:
            pass
    assert outcomes == [Accepted(0, 1)]
    assert first.ready
    with pytest.raises(FAILURES):
        await frozen.fetch("SELECT 1")
    frozen.terminate()


async def test_a_lookup_waits_for_the_transaction_that_may_still_bring_the_append(
    patient_nodes: Nodes, address: str
) -> None:
    first, second = patient_nodes
    slow = await asyncpg.connect(address)
    await slow.execute("BEGIN; SELECT 1 FROM ranvier.context FOR UPDATE")
    one = append(event(0))
    storing = asyncio.create_task(first.events.append(CONTEXT, [one]))
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await until(slow, question, lambda waiting: waiting == 1)
    looking = asyncio.create_task(second.events.find_append(CONTEXT, one.append_id))
    await until(slow, question, lambda waiting: waiting == 2)
    await slow.execute("ROLLBACK")
    await slow.close()
    assert await storing == [Accepted(0, 1)]
    assert await looking == Accepted(0, 1)


async def test_a_commit_that_no_standby_confirmed_is_unknown_and_its_holder_left_alone(
    own_server: PostgresServer,
) -> None:
    first, second = (PostgresDatabase(own_server.address(), IMPATIENT) for _ in range(2))
    await opened(lambda _: first, Path())
    await second.start()
    operator = await asyncpg.connect(own_server.address())
    standby_is = "ALTER SYSTEM SET synchronous_standby_names = "
    await operator.execute(standby_is + "'missing'")
    await operator.execute("SELECT pg_reload_conf()")
    await until(operator, "SHOW synchronous_standby_names", lambda found: found == "missing")
    one, other = append(event(0)), append(event(0, "b"))
    storing = asyncio.create_task(first.events.append(CONTEXT, [one]))
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    holder = await until(operator, waiting, lambda found: found is not None)
    assert await second.events.append(CONTEXT, [other]) == [LeftOut()]
    with pytest.raises(StorageError):
        await second.events.find_append(CONTEXT, one.append_id)
    assert await operator.fetchval(waiting) == holder
    assert not storing.done()
    await operator.execute(f"SELECT pg_cancel_backend({holder})")
    assert await storing == [Unknown()]
    await operator.execute(standby_is + "''")
    await operator.execute("SELECT pg_reload_conf()")
    assert await second.events.find_append(CONTEXT, one.append_id) == Accepted(0, 1)
    assert await store(second, event(0, "b")) == Accepted(1, 1)
    await operator.close()
    await second.stop()
    await first.stop()


async def test_what_no_standby_has_confirmed_is_shown_to_no_reader(
    own_server: PostgresServer,
) -> None:
    hasty = PostgresOptions(answer_seconds=3.0)
    first, second = (PostgresDatabase(own_server.address(), hasty) for _ in range(2))
    await opened(lambda _: first, Path())
    await second.start()
    assert await store(first, event(0)) == Accepted(0, 1)
    operator = await asyncpg.connect(own_server.address())
    await operator.execute("ALTER SYSTEM SET synchronous_standby_names = 'missing'")
    await operator.execute("SELECT pg_reload_conf()")
    await until(operator, "SHOW synchronous_standby_names", lambda found: found == "missing")
    assert await first.events.head(CONTEXT) == 1, "its own commit was answered"
    storing = asyncio.create_task(first.events.append(CONTEXT, [append(event(1))]))
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    holder = await until(operator, waiting, lambda found: found is not None)
    await operator.execute(f"SELECT pg_cancel_backend({holder})")
    assert await storing == [Unknown()]
    whole: dict[str, int] = {"from_sequence": 0, "to_sequence": 9, "page_bytes": 1 << 20}
    reads: tuple[Awaitable[object], ...] = (
        first.events.heads(),
        second.events.heads(),
        second.events.head(CONTEXT),
        second.events.read_aggregate(CONTEXT, "a", **whole),
        second.events.last_sequence(CONTEXT, "a"),
    )
    for told in await asyncio.gather(*reads, return_exceptions=True):
        assert isinstance(told, StorageUnavailable)
        assert "standby" in str(told)
    confirming = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    # One of each node waits, however many ask.
    await until(operator, confirming, lambda count: count == 2)
    await operator.execute("ALTER SYSTEM RESET synchronous_standby_names")
    await operator.execute("SELECT pg_reload_conf()")
    for database in (first, second):
        assert await database.events.heads() == {CONTEXT: 2}
        assert await database.events.last_sequence(CONTEXT, "a") == 1
        assert len((await database.events.read_aggregate(CONTEXT, "a", **whole)).rows) == 2
    await operator.close()
    await second.stop()
    await first.stop()


async def test_what_moves_between_the_look_and_the_lock_leaves_an_append_out(
    patient_nodes: Nodes, address: str
) -> None:
    first, second = patient_nodes
    scheduled = second.scheduled_events
    await store(second, event(0, "old"))
    await scheduled.add(CONTEXT, ScheduledEvent("t", 1, event()))
    ((due),) = await scheduled.claim_due("first", 2, 3, 1)
    appends = [
        Append(new_append_id(), (event(0, "b"),), claim=due.claim),
        append(event(0, "c"), condition=AppendCondition(1, (Criterion((TAG,)),))),
        append(event(0, "d")),
        append(event(1, "d")),
        append(event(0, "e"), condition=AppendCondition(0, (Criterion((TAG,)),))),
    ]
    slow = await asyncpg.connect(address)
    await slow.execute("BEGIN; SELECT 1 FROM ranvier.context FOR UPDATE")
    storing = asyncio.create_task(first.events.append(CONTEXT, appends))
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await until(slow, question, lambda waiting: waiting == 1)
    # Another node claims the row again; what follows is done under the head row.
    ((again),) = await scheduled.claim_due("second", 4, 9, 1)
    await slow.execute(
        "INSERT INTO ranvier.event VALUES "
        "(1, 1, 'd', 'Order', 0, 0, 0, 'Opened', ''), (1, 2, NULL, '', 0, 0, 0, 'Opened', ''); "
        "INSERT INTO ranvier.event_tag VALUES (1, 'k', 'v', 2); "
        "UPDATE ranvier.context SET head = 3; COMMIT"
    )
    await slow.close()
    assert await storing == [LeftOut()] * 5
    verdicts = await first.events.append(CONTEXT, appends)
    assert refusals(verdicts) == [
        ClaimLost,
        ConditionNotMet,
        InvalidSequence,
        Accepted,
        ConditionNotMet,
    ]
    (published,) = await second.events.append(
        CONTEXT, [Append(new_append_id(), (event(0, "b"),), claim=again.claim)]
    )
    assert published == Accepted(4, 1)


async def test_tags_that_change_between_the_look_and_the_lock_leave_conditions_out(
    patient_nodes: Nodes, address: str
) -> None:
    first, _ = patient_nodes
    await store(first, event(0))
    conditional = append(event(1), condition=AppendCondition(0, (Criterion((TAG,)),)))
    slow = await asyncpg.connect(address)
    await slow.execute("BEGIN; SELECT 1 FROM ranvier.context FOR UPDATE")
    storing = asyncio.create_task(first.events.append(CONTEXT, [conditional]))
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await until(slow, question, lambda waiting: waiting == 1)
    await slow.execute("SET search_path TO ranvier")
    assert await slow.fetchval("SELECT change_tags(1, 0, '{k}', '{v}', true, 9)") == "done"
    await slow.execute("COMMIT")
    await slow.close()
    assert await storing == [LeftOut()]
    assert refusals(await first.events.append(CONTEXT, [conditional])) == [ConditionNotMet]


async def test_a_cancelled_appender_cancels_no_commit(patient_nodes: Nodes, address: str) -> None:
    first, second = patient_nodes
    slow = await asyncpg.connect(address)
    await slow.execute("BEGIN; SELECT 1 FROM ranvier.context FOR UPDATE")
    one = append(event(0))
    storing = asyncio.create_task(first.events.append(CONTEXT, [one]))
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await until(slow, question, lambda waiting: waiting == 1)
    writer = await slow.fetchval(question.replace("count(*)", "pid"))
    storing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await storing
    await slow.execute("ROLLBACK")
    state = f"SELECT state FROM pg_stat_activity WHERE pid = {writer}"
    assert await until(slow, state, lambda found: found != "active") == "idle", "it was cut off"
    await slow.close()
    assert await second.events.find_append(CONTEXT, one.append_id) == Accepted(0, 1)
