"""Following: woken at once, safe when a wake-up is lost, dense whatever gets lost on the way."""

from __future__ import annotations

import asyncio

import pytest

from ranvier.services.errors import NodeStopping
from ranvier.services.event_follower import EventFollower
from ranvier.services.event_ring import RingLimits
from ranvier.storage.errors import StorageUnavailable
from tests.support.following import Following, is_asleep, read_next
from tests.support.new_events import stream


async def test_a_reader_gets_what_is_stored_and_then_what_comes() -> None:
    following = Following(before=3)
    follower = await following.follow.follow("default", 1)
    assert await read_next(follower) == following.rows(1, 3)
    waiting = asyncio.create_task(read_next(follower))
    assert await is_asleep(waiting)
    await following.append(2)
    assert await waiting == following.rows(3, 5)
    assert follower.position == 5


async def test_readers_at_the_head_cost_no_query() -> None:
    following = Following(before=5)
    followers = [await following.follow.follow("default", 5) for _ in range(20)]
    for step in range(10):
        await following.append(1)
        for follower in followers:
            assert await read_next(follower) == following.rows(5 + step, 6 + step)
    assert following.log.reads == 0
    assert following.log.head_looks == 0


async def test_a_reader_that_fell_behind_the_ring_reads_the_table_and_misses_nothing() -> None:
    following = Following(RingLimits(event_count=4))
    follower = await following.follow.follow("default", 0)
    for _ in range(20):
        await following.append(3)
    read: list[bytes] = []
    while len(read) < 60:
        read += await read_next(follower)
    assert read == following.rows(0, 60)
    assert following.log.reads > 0


async def test_a_lost_wake_up_is_caught_by_the_look_at_the_heads() -> None:
    following = Following(before=1)
    await following.follow.start()
    follower = await following.follow.follow("default", 1)
    waiting = asyncio.create_task(read_next(follower))
    following.append_elsewhere(2)
    assert await is_asleep(waiting)
    await following.ticker.tick()
    assert await waiting == following.rows(1, 3)
    await following.follow.stop()


async def test_all_heads_are_looked_at_in_one_statement_and_only_for_readers() -> None:
    following = Following()
    await following.follow.start()
    await following.ticker.tick()
    assert following.log.head_looks == 0
    for _ in range(3):
        await following.follow.follow("default", 0)
    await following.ticker.tick()
    assert following.log.head_looks == 1
    await following.follow.stop()


async def test_a_look_that_fails_is_made_again() -> None:
    following = Following()
    await following.follow.start()
    follower = await following.follow.follow("default", 0)
    waiting = asyncio.create_task(read_next(follower))
    following.append_elsewhere(1)
    following.log.read_error = StorageUnavailable("it restarts")
    await following.ticker.tick()
    assert await is_asleep(waiting)
    following.log.read_error = None
    await following.ticker.tick()
    assert await waiting == following.rows(0, 1)
    await following.follow.stop()


async def test_a_gap_is_filled_from_the_database_before_newer_events_are_delivered() -> None:
    following = Following(before=2)
    follower = await following.follow.follow("default", 2)
    following.append_elsewhere(3)
    await following.append(2)
    read: list[bytes] = []
    while len(read) < 5:
        read += await read_next(follower)
    assert read == following.rows(2, 7)


async def test_a_gap_is_filled_once_for_all_readers() -> None:
    following = Following()
    followers = [await following.follow.follow("default", 0) for _ in range(10)]
    waiting = [asyncio.create_task(read_next(follower)) for follower in followers]
    assert await is_asleep(waiting[0])
    following.append_elsewhere(4)
    following.follow.reached("default", 4)
    assert await asyncio.gather(*waiting) == [following.rows(0, 4)] * 10
    assert following.log.reads == 1


async def test_a_gap_that_could_not_be_filled_is_filled_after_the_next_look() -> None:
    following = Following()
    await following.follow.start()
    follower = await following.follow.follow("default", 0)
    waiting = asyncio.create_task(read_next(follower))
    following.append_elsewhere(1)
    following.log.read_error = StorageUnavailable("it restarts")
    following.follow.reached("default", 1)
    assert await is_asleep(waiting)
    following.log.read_error = None
    await following.ticker.tick()
    assert await waiting == following.rows(0, 1)
    await following.follow.stop()


async def test_an_announcement_that_comes_late_is_not_delivered_twice() -> None:
    following = Following()
    follower = await following.follow.follow("default", 0)
    await following.append(3)
    following.follow.announce("default", 1, following.events[1:3])
    assert await read_next(follower) == following.rows(0, 3)
    waiting = asyncio.create_task(read_next(follower))
    assert await is_asleep(waiting)
    waiting.cancel()


async def test_a_reader_sleeps_only_when_it_has_reached_what_it_was_woken_for() -> None:
    following = Following()
    follower = await following.follow.follow("default", 0)
    await following.append(4)
    follower.rest()
    page = await follower.read(1)
    assert list(page.rows) == following.rows(0, 1)
    assert follower.has_more
    assert await read_next(follower) == following.rows(1, 4)
    assert not follower.has_more


async def test_a_finite_read_stops_at_its_end() -> None:
    following = Following()
    follower = await following.follow.follow("default", 0)
    await following.append(5)
    page = await follower.read(1 << 20, before_token=3)
    assert list(page.rows) == following.rows(0, 3)
    assert list((await follower.read(1 << 20, before_token=3)).rows) == []
    assert follower.position == 3


async def test_a_token_below_zero_means_the_start() -> None:
    following = Following(before=2)
    follower = await following.follow.follow("default", -5)
    assert await read_next(follower) == following.rows(0, 2)


async def test_the_ring_goes_with_the_last_reader() -> None:
    following = Following()
    one = await following.follow.follow("default", 0)
    other = await following.follow.follow("default", 0)
    await following.append(1)
    following.follow.leave(one)
    assert following.follow.follower_count == 1
    following.follow.leave(other)
    assert following.follow._feeds == {}
    following.follow.leave(other)


async def test_stopping_ends_every_stream_and_refuses_new_ones() -> None:
    following = Following()
    await following.follow.start()
    follower = await following.follow.follow("default", 0)
    waiting = asyncio.create_task(read_next(follower))
    assert await is_asleep(waiting)
    await following.follow.stop()
    with pytest.raises(NodeStopping):
        await waiting
    with pytest.raises(NodeStopping):
        await following.follow.follow("default", 0)


async def test_a_reader_that_wants_no_events_is_not_woken_by_them() -> None:
    following = Following()
    follower = await following.follow.follow("default", 0)
    follower.rest()
    waiting = asyncio.create_task(follower.wait(for_events=False))
    await asyncio.sleep(0)
    await following.append(1)
    assert not waiting.done()
    follower.wake()
    await waiting
    assert follower.has_more


async def test_readers_beside_four_writers_see_every_event_once_and_in_order() -> None:
    following = Following(RingLimits(event_count=16))
    followers = [await following.follow.follow("default", 0) for _ in range(4)]

    async def write(name: str) -> None:
        for event in stream(50, name):
            await following.append_events.append("default", [event])

    async def read(follower: EventFollower, every: int) -> list[bytes]:
        seen: list[bytes] = []
        while len(seen) < 200:
            seen += await read_next(follower)
            for _ in range(every):
                await asyncio.sleep(0)
        return seen

    readers = [asyncio.create_task(read(one, 7 * at)) for at, one in enumerate(followers)]
    await asyncio.gather(*(write(name) for name in "abcd"))
    stored = [event.data for event in following.log.context("default").events]
    assert await asyncio.gather(*readers) == [stored] * 4
