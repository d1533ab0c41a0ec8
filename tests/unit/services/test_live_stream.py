"""One stream and its consumers: what each holds, what it is sent, what becomes of silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.errors import NoSuchStream
from ranvier.events.streams.progress import fresh, resized
from ranvier.events.streams.sequencing import hash_of, segment_of
from ranvier.services.errors import NodeStopping, SegmentNotReleased, TooManyConsumers
from ranvier.services.live_stream import CONSUMERS_AT_MOST, DRAINED, LiveStream, StreamTools
from ranvier.storage.persistent_streams import StoredStream
from tests.support.following import Following
from tests.support.new_events import stream as stream_of
from tests.support.stream_scene import Consumer, MemoryStreams, Timers, event_of

SEGMENTS = 2
MINE = segment_of(hash_of("a"), SEGMENTS)
"""The segment of the aggregate to which all events of these tests belong."""


class Scene:
    """A stream of two segments over ten events."""

    def __init__(self, policy: str = "", filter_text: str = "") -> None:
        self.following = Following(before=10)
        self.store = MemoryStreams()
        self.timers = Timers()
        self.moved: list[LiveStream] = []
        self.kept_now: list[LiveStream] = []
        self.definition = StreamDefinition("s", "S", policy, (), filter_text)
        self.tools = StreamTools(
            self.store,
            self.following.follow,
            event_of,
            self.moved.append,
            self.kept_now.append,
            30.0,
            self.timers.later,
        )

    async def start(self) -> LiveStream:
        await self.following.follow.start()
        await self.store.create("default", self.definition, fresh(SEGMENTS, 0), 10)
        self.live = LiveStream("default", await self.found(), self.tools)
        return self.live

    async def found(self) -> StoredStream:
        stored = await self.store.find("default", "s")
        assert stored is not None
        return stored

    async def stop(self) -> None:
        self.live.end(NodeStopping())
        await self.live.ended()
        await self.following.follow.stop()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    await made.start()
    yield made
    await made.stop()


def next_tokens(live: LiveStream) -> list[int]:
    return [segment.next_token for segment in live.stored().progress.segments]


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_events_come_as_far_as_the_demand_reaches(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    assert one.segments == {0, 1}
    await settle()
    assert one.events == []
    scene.live.request(one, MINE, 3)
    await one.got(3)
    await settle()
    assert one.events == [(MINE, token, False) for token in range(3)]
    scene.live.request(one, MINE, -5)
    scene.live.request(one, MINE, 100)
    await one.got(10)
    await scene.following.append(2)
    await one.got(12)


async def test_the_position_is_behind_what_was_acknowledged(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    scene.live.request(one, MINE, 5)
    await one.got(5)
    assert next_tokens(scene.live)[MINE] == 0
    scene.live.acknowledge(one, MINE, 2)
    assert next_tokens(scene.live)[MINE] == 3
    scene.live.acknowledge(one, MINE, 1)
    assert next_tokens(scene.live)[MINE] == 3
    scene.live.acknowledge(one, MINE, 2**40)
    assert next_tokens(scene.live)[MINE] == 5, "nobody has handled what was not sent"
    assert scene.moved


async def test_what_is_for_others_moves_the_position_along(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    scene.live.request(one, 1 - MINE, 1)
    await settle()
    assert next_tokens(scene.live)[1 - MINE] == 10
    assert one.events == []


async def test_a_consumer_without_room_is_sent_nothing_until_it_is_woken(scene: Scene) -> None:
    one = Consumer(may_take=False)
    scene.live.connect(one)
    scene.live.request(one, MINE, 100)
    await settle()
    assert one.events == []
    one.may_take = True
    scene.live.wake(one)
    await one.got(10)


async def test_a_segment_moves_only_when_its_holder_has_confirmed(scene: Scene) -> None:
    one, two = Consumer("one"), Consumer("two")
    scene.live.connect(one)
    scene.live.request(one, 0, 5)
    scene.live.request(one, 1, 5)
    await one.got(5)
    scene.live.connect(two)
    (taken,) = {0, 1} - one.segments
    assert two.segments == set(), "not before it is drained"
    assert scene.live.holders() == ["one", "one"]
    await settle()
    sent = len(one.events)
    scene.live.acknowledge(one, MINE, 3)
    scene.live.acknowledge(one, taken, DRAINED)
    assert two.segments == {taken}
    assert len(one.events) == sent
    assert next_tokens(scene.live)[MINE] == 4
    scene.live.acknowledge(one, taken, 4)
    scene.live.acknowledge(one, taken, DRAINED)
    assert scene.live.holders()[taken] == "two"
    assert next_tokens(scene.live)[MINE] == 4 or taken != MINE


async def test_who_never_confirms_loses_its_call(scene: Scene) -> None:
    one, two = Consumer("one"), Consumer("two")
    scene.live.connect(one)
    scene.live.connect(two)
    assert scene.timers.fire() == [30.0]
    assert isinstance(one.ended_with, SegmentNotReleased)
    assert one.ended_with.code == "RANVIER-SEGMENT-NOT-RELEASED"
    assert two.segments == {0, 1}
    assert scene.live.consumer_count == 1


async def test_what_a_lost_consumer_held_is_given_again(scene: Scene) -> None:
    one, two = Consumer("one"), Consumer("two")
    scene.live.connect(one)
    scene.live.request(one, MINE, 4)
    await one.got(4)
    scene.live.acknowledge(one, MINE, 1)
    scene.live.disconnect(one)
    scene.live.disconnect(one)
    assert scene.kept_now
    scene.live.connect(two)
    scene.live.request(two, MINE, 1)
    await two.got(1)
    assert two.events == [(MINE, 2, False)]


async def test_a_segment_that_failed_rests_longer_each_time(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    pauses = []
    for _ in range(8):
        scene.live.fail(one, MINE, "it broke" * 1_000)
        assert one.segments == {1 - MINE}
        assert scene.live.stored().progress.segments[MINE].error == ("it broke" * 1_000)[:1_000]
        pauses += scene.timers.fire()
        assert one.segments == {0, 1}
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    scene.live.request(one, MINE, 1)
    await one.got(1)
    scene.live.acknowledge(one, MINE, 0)
    assert scene.live.stored().progress.segments[MINE].error == ""
    scene.live.fail(one, MINE, "again")
    assert scene.timers.fire() == [1]


async def test_what_a_consumer_says_of_what_it_does_not_hold_is_ignored(scene: Scene) -> None:
    one, stranger = Consumer("one"), Consumer("stranger")
    scene.live.connect(one)
    for number in (-1, SEGMENTS, MINE):
        scene.live.request(stranger, number, 5)
        scene.live.acknowledge(stranger, number, 5)
        scene.live.fail(stranger, number, "no")
    scene.live.acknowledge(one, MINE, DRAINED)
    await settle()
    assert one.segments == {0, 1}
    assert next_tokens(scene.live) == [0, 0]


async def test_a_change_waits_until_all_is_drained(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    scene.live.request(one, MINE, 4)
    await one.got(4)

    async def split(stored: StoredStream) -> StoredStream:
        return replace(stored, progress=resized(stored.progress, 3, "s"))

    change = asyncio.create_task(scene.live.change(split))
    await settle()
    assert one.segments == set()
    assert not change.done()
    scene.live.acknowledge(one, MINE, 3)
    scene.live.acknowledge(one, 0, DRAINED)
    scene.live.connect(two := Consumer("two"))
    assert two.segments == set(), "nothing is given while it changes"
    scene.live.acknowledge(one, 1, DRAINED)
    await change
    assert len(one.segments | two.segments) == 3
    assert not one.segments & two.segments
    for consumer in (one, two):
        for number in list(consumer.segments):
            scene.live.request(consumer, number, 100)
    while len(one.events) + len(two.events) < 10:
        await settle()
    tokens = [token for _, token, _ in (*one.events, *two.events)]
    assert sorted(tokens) == list(range(10)), "what was handled does not come again"


async def test_another_name_takes_nothing_away(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    scene.live.request(one, MINE, 4)
    await one.got(4)
    await scene.live.rename("Orders")
    assert one.segments == {0, 1}
    assert scene.kept_now
    scene.live.acknowledge(one, MINE, 3)
    await scene.store.save([scene.live.stored()])
    stored = await scene.found()
    assert stored.definition.name == "Orders"
    assert stored.progress.segments[MINE].next_token == 4
    await scene.store.delete("default", "s")
    with pytest.raises(NoSuchStream):
        await scene.live.rename("Nothing")


async def test_a_change_is_made_as_a_whole_although_its_caller_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def split(stored: StoredStream) -> StoredStream:
        return replace(stored, progress=resized(stored.progress, 3, "s"))

    stored, may_answer = scene.store.change, asyncio.Event()

    async def answer_late(stream: StoredStream) -> StoredStream | None:
        changed = await stored(stream)
        await may_answer.wait()
        return changed

    monkeypatch.setattr(scene.store, "change", answer_late)
    change = asyncio.create_task(scene.live.change(split))
    await settle()
    change.cancel()
    await asyncio.gather(change, return_exceptions=True)
    assert change.cancelled()
    may_answer.set()
    await settle()
    assert scene.live.segment_count == 3
    await scene.live.rename("T")
    assert (await scene.found()).definition.name == "T"


async def test_a_change_of_a_deleted_stream_is_refused(scene: Scene) -> None:
    async def same(stored: StoredStream) -> StoredStream:
        return stored

    await scene.store.delete("default", "s")
    with pytest.raises(NoSuchStream):
        await scene.live.change(same)


async def test_the_end_of_a_stream_ends_its_consumers(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    scene.live.end(error := NodeStopping())
    assert one.ended_with is error
    with pytest.raises(NodeStopping):
        scene.live.connect(Consumer())
    await scene.live.ended()


async def test_a_context_that_is_gone_ends_the_call(scene: Scene) -> None:
    one = Consumer()
    scene.live.connect(one)
    await settle()
    scene.following.follow.end_context("default")
    await settle()
    assert one.ended_with is not None
    assert one.ended_with.code == "AXONIQ-1302"


async def test_a_stream_has_so_many_consumers_at_most(scene: Scene) -> None:
    for _ in range(CONSUMERS_AT_MOST):
        scene.live.connect(Consumer())
        scene.timers.waiting.clear()
    with pytest.raises(TooManyConsumers):
        scene.live.connect(Consumer())


async def test_a_filter_leaves_events_out_and_the_position_passes_them() -> None:
    scene = Scene(filter_text="aggregateSequenceNumber > 7")
    live = await scene.start()
    one = Consumer()
    live.connect(one)
    live.request(one, MINE, 100)
    await one.got(2)
    assert [token for _, token, _ in one.events] == [8, 9]
    await scene.stop()


def test_the_events_of_these_tests_belong_to_one_aggregate() -> None:
    assert {event.aggregate_id for event in stream_of(3)} == {"a"}


async def test_hundreds_that_come_and_go_leave_nothing_behind(scene: Scene) -> None:
    for number in range(300):
        consumer = Consumer(f"c{number}")
        scene.live.connect(consumer)
        scene.live.request(consumer, MINE, 3)
        if number % 3 == 0:
            await settle()
        if number % 7 == 0:
            scene.live.fail(consumer, MINE, "broken")
        scene.live.disconnect(consumer)
    await settle()
    assert scene.live.open_segment_count == 0
    assert scene.following.follow.follower_count == 0
    assert scene.live._tasks == set()
