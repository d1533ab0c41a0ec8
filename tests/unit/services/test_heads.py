"""Heads that went back, readers beyond the head, contexts that are gone."""

from __future__ import annotations

import asyncio

import pytest

from ranvier.events.errors import UnknownContext
from ranvier.services.errors import TokenBeyondHead
from ranvier.services.event_follower import LOOKS_BEYOND_HEAD
from ranvier.storage.errors import HeadWentBack
from tests.support.following import Following, is_asleep, read_next
from tests.support.memory_event_log import MemoryContext
from tests.support.new_events import stream


async def test_a_head_that_went_back_ends_every_stream_of_the_context() -> None:
    following = Following(before=5)
    await following.follow.start()
    followers = [await following.follow.follow("default", 5) for _ in range(3)]
    waiting = [asyncio.create_task(read_next(follower)) for follower in followers]
    assert await is_asleep(waiting[0])
    del following.log.context("default").events[2:]
    await following.ticker.tick()
    for task in waiting:
        with pytest.raises(HeadWentBack):
            await task
    await following.follow.stop()


async def test_after_a_head_went_back_a_reader_beyond_it_is_refused_and_not_parked() -> None:
    following = Following(before=5)
    await following.follow.start()
    await following.follow.follow("default", 5)
    del following.log.context("default").events[2:]
    await following.ticker.tick()
    with pytest.raises(TokenBeyondHead, match="Token 5 is beyond the head"):
        await following.follow.follow("default", 5)
    follower = await following.follow.follow("default", 2)
    await following.append_events.append("default", following.events[2:4])
    assert await read_next(follower) == following.rows(2, 4)
    await following.follow.stop()


async def test_a_new_reader_that_finds_the_head_gone_back_ends_the_older_ones_too() -> None:
    following = Following(before=5)
    older = await following.follow.follow("default", 5)
    del following.log.context("default").events[2:]
    with pytest.raises(HeadWentBack):
        await following.follow.follow("default", 0)
    with pytest.raises(HeadWentBack):
        await read_next(older)


async def test_a_database_that_finds_the_head_gone_back_itself_ends_that_context_only() -> None:
    following = Following(before=5)
    following.log.contexts["other"] = MemoryContext()
    await following.follow.start()
    bad = asyncio.create_task(read_next(await following.follow.follow("default", 5)))
    good = asyncio.create_task(read_next(await following.follow.follow("other", 0)))
    assert await is_asleep(bad)
    following.log.gone_back["default"] = HeadWentBack("default", 5, 2)
    following.log.store("other", *following.events[:1])
    await following.ticker.tick()
    with pytest.raises(HeadWentBack):
        await bad
    assert await good == following.rows(0, 1)
    with pytest.raises(HeadWentBack):
        await following.follow.follow("default", 0)
    await following.follow.stop()


async def test_the_ring_is_dropped_when_the_head_went_back() -> None:
    following = Following()
    await following.follow.start()
    await following.follow.follow("default", 0)
    await following.append(3)
    del following.log.context("default").events[:]
    await following.ticker.tick()
    replaced = stream(1, "another")
    following.log.store("default", *replaced)
    follower = await following.follow.follow("default", 0)
    assert await read_next(follower) == [replaced[0].data]
    await following.follow.stop()


async def test_a_reader_at_the_head_is_parked() -> None:
    following = Following(before=2)
    await following.follow.start()
    follower = await following.follow.follow("default", 2)
    for _ in range(LOOKS_BEYOND_HEAD + 1):
        await following.ticker.tick()
    await following.append(1)
    assert await read_next(follower) == following.rows(2, 3)
    await following.follow.stop()


async def test_a_reader_that_stays_beyond_the_head_is_refused_after_some_looks() -> None:
    following = Following(before=2)
    await following.follow.start()
    follower = await following.follow.follow("default", 3)
    waiting = asyncio.create_task(read_next(follower))
    for _ in range(LOOKS_BEYOND_HEAD - 1):
        await following.ticker.tick()
    assert await is_asleep(waiting)
    await following.ticker.tick()
    with pytest.raises(TokenBeyondHead):
        await waiting
    await following.follow.stop()


async def test_a_reader_just_beyond_the_head_is_served_when_the_head_comes() -> None:
    following = Following()
    follower = await following.follow.follow("default", 1)
    await following.append(3)
    assert await read_next(follower) == following.rows(1, 3)


async def test_an_unknown_context_is_refused_and_leaves_no_trace() -> None:
    following = Following()
    for number in range(50):
        with pytest.raises(UnknownContext):
            await following.follow.follow(f"nowhere-{number}", 0)
    assert following.follow.follower_count == 0
    assert following.follow._feeds == {}
    assert following.follow._highest_seen == {}


async def test_a_deleted_context_ends_its_streams() -> None:
    following = Following(before=1)
    await following.follow.start()
    follower = await following.follow.follow("default", 1)
    del following.log.contexts["default"]
    await following.ticker.tick()
    with pytest.raises(UnknownContext):
        await read_next(follower)
    await following.follow.stop()


async def test_a_hurried_look_does_not_wait_for_its_time() -> None:
    following = Following(before=2)
    await following.follow.start()
    follower = await following.follow.follow("default", 2)
    waiting = asyncio.create_task(read_next(follower))
    assert await is_asleep(waiting)
    following.log.context("default").events += following.events[2:4]
    following.follow.hurry()
    assert await waiting == following.rows(2, 4)
    await following.follow.stop()
