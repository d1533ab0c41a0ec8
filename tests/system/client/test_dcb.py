"""The DCB event store and snapshot store of a real node, used by the Python client."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from ranvier.client import (
    AppendCondition,
    Criterion,
    Hub,
    NewSnapshot,
    Payload,
    Tag,
    TaggedEvent,
)
from ranvier.client.errors import ConsistencyConflict, HubError

numbers = count()


@dataclass(frozen=True)
class Enrolled:
    student: str


def course() -> Tag:
    return Tag("course", f"c-{next(numbers)}")


async def test_what_is_appended_is_sourced_by_tags_and_names(dcb_hub: Hub) -> None:
    tag, other = course(), course()
    metadata = {"by": "Ada"}
    appended = await dcb_hub.dcb.append(
        [
            TaggedEvent(Enrolled("s-1"), (tag,), metadata),
            TaggedEvent(Payload("Closed", b"\0\xff", "2"), (tag, other)),
            TaggedEvent(Enrolled("s-2"), (other,)),
        ]
    )
    assert (appended.count, appended.marker) == (3, appended.first + 3)
    sourced = dcb_hub.dcb.source(Criterion((tag,)))
    events = [event async for event in sourced]
    assert sourced.marker == appended.marker
    assert [event.position for event in events] == [appended.first, appended.first + 1]
    assert (events[0].value(Enrolled), events[0].metadata) == (Enrolled("s-1"), metadata)
    assert events[1].payload == Payload("Closed", b"\0\xff", "2")
    named = await dcb_hub.dcb.source(Criterion((other,), ("Enrolled",))).all()
    assert [event.value(Enrolled).student for event in named.events] == ["s-2"]
    either = await dcb_hub.dcb.source(
        Criterion((tag,), ("Enrolled",)), Criterion((other,), ("Closed",)), start=appended.first
    ).all()
    assert [event.name for event in either.events] == ["Enrolled", "Closed"]
    nothing = await dcb_hub.dcb.source(Criterion((course(),))).all()
    assert (nothing.events, nothing.marker) == ([], appended.marker)


async def test_who_decided_on_an_old_marker_gets_a_conflict(dcb_hub: Hub) -> None:
    tag = course()
    criterion = Criterion((tag,))
    read = await dcb_hub.dcb.source(criterion).all()
    condition = AppendCondition(read.marker, (criterion,))
    await dcb_hub.dcb.append(TaggedEvent(Enrolled("s-1"), (tag,)), condition)
    head = await dcb_hub.dcb.head()
    with pytest.raises(ConsistencyConflict):
        await dcb_hub.dcb.append(TaggedEvent(Enrolled("s-2"), (tag,)), condition)
    assert await dcb_hub.dcb.head() == head
    elsewhere = AppendCondition(read.marker, (Criterion((course(),)),))
    await dcb_hub.dcb.append(TaggedEvent(Enrolled("s-2"), (tag,)), elsewhere)


async def test_a_stream_brings_what_is_stored_and_what_comes(dcb_hub: Hub) -> None:
    tag = course()
    start = await dcb_hub.dcb.head()
    await dcb_hub.dcb.append(TaggedEvent(Enrolled(f"s-{n}"), (tag,)) for n in range(300))
    stream = dcb_hub.dcb.stream(Criterion((tag,)), start=start)
    async with asyncio.timeout(60), aclosing(stream):
        students = [(await anext(stream)).value(Enrolled).student for _ in range(300)]
        await dcb_hub.dcb.append([TaggedEvent(Enrolled("x")), TaggedEvent(Enrolled("y"), (tag,))])
        students += [(await anext(stream)).value(Enrolled).student]
    assert students == [f"s-{n}" for n in range(300)] + ["y"]


async def test_an_append_of_many_bytes_is_one_transaction(dcb_hub: Hub) -> None:
    tag = course()
    large = Payload("Large", bytes(1_000_000))
    appended = await dcb_hub.dcb.append(TaggedEvent(large, (tag,)) for _ in range(8))
    read = await dcb_hub.dcb.source(Criterion((tag,)), start=appended.first).all()
    assert [event.payload for event in read.events] == [large] * 8


async def test_positions_say_where_the_context_begins_and_ends(dcb_hub: Hub) -> None:
    appended = await dcb_hub.dcb.append(TaggedEvent(Enrolled("s")))
    assert await dcb_hub.dcb.head() == appended.marker
    assert await dcb_hub.dcb.tail() == 0
    assert await dcb_hub.dcb.sequence_at(datetime(1971, 1, 1, tzinfo=UTC)) == 0
    later = datetime.now(UTC) + timedelta(hours=1)
    assert await dcb_hub.dcb.sequence_at(later) == appended.marker


async def test_tags_are_given_and_taken_away(dcb_hub: Hub) -> None:
    tag, other, raw = course(), course(), Tag("raw", b"\xff\0")
    appended = await dcb_hub.dcb.append(TaggedEvent(Enrolled("s"), (tag, raw)))
    await dcb_hub.dcb.add_tags(appended.first, other, tag)
    assert set(await dcb_hub.dcb.tags(appended.first)) == {tag, other, raw}
    await dcb_hub.dcb.remove_tags(appended.first, tag, course())
    assert set(await dcb_hub.dcb.tags(appended.first)) == {other, raw}
    found = await dcb_hub.dcb.source(Criterion((tag,))).all()
    assert found.events == []


async def test_snapshots_are_kept_by_key_and_position(dcb_hub: Hub) -> None:
    key = f"course-{next(numbers)}"
    assert await dcb_hub.snapshots.last(key) is None
    for position in (1, 5, 9):
        state = NewSnapshot({"seats": position}, {"by": "Ada"})
        await dcb_hub.snapshots.add(key, position, state)
    last = await dcb_hub.snapshots.last(key)
    assert last is not None
    assert (last.key, last.position) == (key.encode(), 9)
    assert (last.value(), last.metadata) == ({"seats": 9}, {"by": "Ada"})
    listed = [each.position async for each in dcb_hub.snapshots.list(key)]
    assert listed == [9, 5, 1]
    some = [each.position async for each in dcb_hub.snapshots.list(key, start=1, before=9)]
    assert some == [5, 1]
    await dcb_hub.snapshots.delete(key, before=5)
    assert [each.position async for each in dcb_hub.snapshots.list(key)] == [9, 5]
    await dcb_hub.snapshots.add(key, 12, NewSnapshot({}), prune=True)
    assert [each.position async for each in dcb_hub.snapshots.list(key)] == [12]


async def test_a_source_begins_with_the_newest_snapshot(dcb_hub: Hub) -> None:
    tag = course()
    key = str(tag.value)
    first = await dcb_hub.dcb.append(TaggedEvent(Enrolled("s-1"), (tag,)))
    without = await dcb_hub.dcb.source_with_snapshot(key, Criterion((tag,))).all()
    assert without.snapshot is None
    assert len(without.events) == 1
    await dcb_hub.snapshots.add(key, first.first, NewSnapshot({"students": 1}))
    second = await dcb_hub.dcb.append(TaggedEvent(Enrolled("s-2"), (tag,)))
    read = await dcb_hub.dcb.source_with_snapshot(key, Criterion((tag,))).all()
    assert read.snapshot is not None
    assert read.snapshot.value() == {"students": 1}
    assert [event.position for event in read.events] == [second.first]
    assert read.marker == second.marker


async def test_calls_for_aggregates_are_refused_in_a_dcb_context(dcb_hub: Hub) -> None:
    with pytest.raises(HubError) as refused:
        await dcb_hub.events.last_token()
    assert refused.value.code == "RANVIER-CONTEXT-KIND"
