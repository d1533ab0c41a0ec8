from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ranvier.events.append import Accepted, Append, Refused
from ranvier.events.claim import Claim
from ranvier.events.errors import ClaimLost, InvalidSequence, NoSuchScheduledEvent, UnknownContext
from ranvier.events.event import NewEvent
from ranvier.events.scheduled_event import Refusal, ScheduledEvent
from ranvier.storage.database import Database
from ranvier.storage.scheduled_events import ParkedEvent, ScheduledCounts
from tests.support.appends import event, new_append_id
from tests.support.databases import CONTEXT, MakeDatabase, opened

ME = "node-1"


def scheduled(token: str, due_ms: int = 100, what: NewEvent | None = None) -> ScheduledEvent:
    return ScheduledEvent(token, due_ms, what or event(0, aggregate_id=f"of-{token}"))


async def claimed(
    database: Database, now_ms: int, owner: str = ME, limit: int = 100
) -> dict[str, Claim]:
    due = await database.scheduled_events.claim_due(owner, now_ms, now_ms + 1_000, limit)
    return {each.scheduled.token: each.claim for each in due}


def publication(what: ScheduledEvent, claim: Claim) -> Append:
    return Append(new_append_id(), (what.event,), claim=claim)


async def test_what_is_due_is_claimed_once_and_in_the_order_of_time(database: Database) -> None:
    store = database.scheduled_events
    assert await store.next_due_ms() is None
    for token, due_ms in (("late", 300), ("early", 100), ("middle", 200), ("middle-2", 200)):
        await store.add(CONTEXT, scheduled(token, due_ms))
    assert await store.next_due_ms() == 100
    due = await store.claim_due(ME, 200, 900, 100)
    assert [each.scheduled.token for each in due] == ["early", "middle", "middle-2"]
    assert due[0].context == CONTEXT
    assert due[0].scheduled == scheduled("early", 100)
    assert due[0].attempts == 0
    assert await store.claim_due("node-2", 200, 900, 100) == []
    assert await store.next_due_ms() == 300
    assert await store.counts() == {CONTEXT: ScheduledCounts(4, 0)}


async def test_a_claim_takes_no_more_than_asked_and_the_first_due_first(database: Database) -> None:
    for number in range(5):
        await database.scheduled_events.add(CONTEXT, scheduled(f"t{number}", 50 - number))
    assert list(await claimed(database, 100, limit=2)) == ["t4", "t3"]


async def test_the_append_that_publishes_deletes_the_row(database: Database) -> None:
    what = scheduled("t")
    await database.scheduled_events.add(CONTEXT, what)
    claim = (await claimed(database, 100))["t"]
    append = publication(what, claim)
    assert await database.events.append(CONTEXT, [append]) == [Accepted(0, 1)]
    assert await database.scheduled_events.counts() == {}
    again = replace(publication(what, claim), events=(event(1, aggregate_id="of-t"),))
    (outcome,) = await database.events.append(CONTEXT, [again])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, ClaimLost)
    assert await database.events.head(CONTEXT) == 1


async def test_one_batch_cannot_use_a_claim_twice(database: Database) -> None:
    what = scheduled("t")
    await database.scheduled_events.add(CONTEXT, what)
    claim = (await claimed(database, 100))["t"]
    other = Append(new_append_id(), (event(0, aggregate_id="x"),), claim=claim)
    first, second = await database.events.append(CONTEXT, [publication(what, claim), other])
    assert first == Accepted(0, 1)
    assert isinstance(second, Refused)
    assert isinstance(second.error, ClaimLost)


async def test_a_claim_that_ran_out_is_fenced_off(database: Database) -> None:
    what = scheduled("t")
    await database.scheduled_events.add(CONTEXT, what)
    old = (await claimed(database, 100))["t"]
    new = (await claimed(database, 1_100, "node-2"))["t"]
    assert new.fence > old.fence
    late, timely = await database.events.append(
        CONTEXT, [publication(what, old), publication(what, new)]
    )
    assert isinstance(late, Refused)
    assert timely == Accepted(0, 1)


async def test_a_refused_publication_leaves_the_row(database: Database) -> None:
    store = database.scheduled_events
    what = scheduled("t", what=event(7, aggregate_id="a"))
    await store.add(CONTEXT, what)
    claim = (await claimed(database, 100))["t"]
    (outcome,) = await database.events.append(CONTEXT, [publication(what, claim)])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, InvalidSequence)
    await store.refused(claim, Refusal("wrong", 1, 500))
    assert await store.next_due_ms() == 500
    (due,) = await store.claim_due(ME, 500, 900, 10)
    assert due.attempts == 1
    await store.refused(due.claim, Refusal("still wrong", 2, None))
    assert await store.next_due_ms() is None
    assert await store.counts() == {CONTEXT: ScheduledCounts(0, 1)}
    assert await store.parked(CONTEXT, 10) == [ParkedEvent(what, 2, "still wrong")]
    await store.release(ME)
    assert await store.next_due_ms() is None


async def test_a_refusal_under_an_old_claim_changes_nothing(database: Database) -> None:
    store = database.scheduled_events
    await store.add(CONTEXT, scheduled("t"))
    old = (await claimed(database, 100))["t"]
    await claimed(database, 1_100, "node-2")
    await store.refused(old, Refusal("too late", 9, None))
    assert await store.counts() == {CONTEXT: ScheduledCounts(1, 0)}
    assert await store.next_due_ms() == 2_100


async def test_cancelling_wins_until_the_append_is_stored(database: Database) -> None:
    what = scheduled("t")
    await database.scheduled_events.add(CONTEXT, what)
    claim = (await claimed(database, 100))["t"]
    assert await database.scheduled_events.remove(CONTEXT, "t")
    assert not await database.scheduled_events.remove(CONTEXT, "t")
    (outcome,) = await database.events.append(CONTEXT, [publication(what, claim)])
    assert isinstance(outcome, Refused)
    assert await database.events.head(CONTEXT) == 0


async def test_replacing_is_whole_or_nothing(database: Database) -> None:
    store = database.scheduled_events
    await store.add(CONTEXT, scheduled("old"))
    await store.replace(CONTEXT, "old", scheduled("new", 700))
    assert await store.next_due_ms() == 700
    with pytest.raises(NoSuchScheduledEvent, match="old"):
        await store.replace(CONTEXT, "old", scheduled("newer", 1))
    assert await store.counts() == {CONTEXT: ScheduledCounts(1, 0)}


async def test_contexts_do_not_see_each_other(database: Database) -> None:
    store = database.scheduled_events
    await database.contexts.create("other")
    await store.add(CONTEXT, scheduled("t"))
    assert not await store.remove("other", "t")
    with pytest.raises(NoSuchScheduledEvent):
        await store.replace("other", "t", scheduled("u"))
    claim = (await claimed(database, 100))["t"]
    (outcome,) = await database.events.append("other", [publication(scheduled("t"), claim)])
    assert isinstance(outcome, Refused)
    with pytest.raises(UnknownContext):
        await store.add("nowhere", scheduled("v"))


async def test_what_a_deleted_context_had_scheduled_is_not_due(database: Database) -> None:
    store = database.scheduled_events
    await database.contexts.create("doomed")
    await store.add("doomed", scheduled("t"))
    await database.contexts.delete("doomed")
    async with asyncio.timeout(60):
        while await store.next_due_ms() is not None:
            """In a database of its own a context is cleared in the background."""
    assert await claimed(database, 100) == {}


async def test_an_earlier_run_leaves_its_claims_to_the_next(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    database = await opened(make_database, tmp_path)
    await database.scheduled_events.add(CONTEXT, scheduled("mine"))
    await database.scheduled_events.add(CONTEXT, scheduled("theirs", 101))
    mine = await claimed(database, 100)
    await claimed(database, 101, "node-2")
    await database.stop()
    database = await opened(make_database, tmp_path)
    await database.scheduled_events.release(ME)
    again = await claimed(database, 102)
    await database.stop()
    assert list(again) == ["mine"]
    assert again["mine"].fence > mine["mine"].fence
