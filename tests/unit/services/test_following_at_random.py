"""Whatever is announced, lost or told twice: every follower sees a dense prefix of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.services.event_follower import EventFollower
from ranvier.services.event_ring import RingLimits
from tests.support.following import Following

FOLLOWERS = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.just("append elsewhere"), st.integers(1, 5)),
        st.tuples(st.just("tell of the head"), st.integers(0, 3)),
        st.tuples(st.just("announce again"), st.integers(0, 5)),
        st.tuples(st.just("look"), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, FOLLOWERS - 1)),
        st.tuples(st.just("yield"), st.integers(1, 3)),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS, st.integers(1, 8), st.integers(1, 300))
async def test_followers_see_a_dense_prefix_and_in_the_end_everything(
    steps: list[tuple[str, int]], ring_events: int, page_bytes: int
) -> None:
    following = Following(RingLimits(event_count=ring_events))
    followers = [await following.follow.follow("default", 0) for _ in range(FOLLOWERS)]
    seen: list[list[bytes]] = [[] for _ in followers]
    acting = actions(following, followers, seen, page_bytes)
    for name, number in steps:
        await acting[name](number)
        for rows in seen:
            assert rows == following.rows(0, len(rows))
    await following.follow.look()
    for index in range(FOLLOWERS):
        while len(seen[index]) < following.stored:
            await asyncio.sleep(0)
            await acting["read"](index)
        assert seen[index] == following.rows(0, following.stored)
    assert not any(follower.has_more for follower in followers)


def actions(
    following: Following,
    followers: list[EventFollower],
    seen: list[list[bytes]],
    page_bytes: int,
) -> dict[str, Callable[[int], Awaitable[None]]]:
    """Return what a step does, by its name."""

    async def tell_of_the_head(behind: int) -> None:
        following.follow.reached("default", max(0, following.stored - behind))

    async def announce_again(behind: int) -> None:
        first = max(0, following.stored - behind)
        following.follow.announce("default", first, following.events[first : following.stored])

    async def append_elsewhere(count: int) -> None:
        following.append_elsewhere(count)

    async def look(_number: int) -> None:
        await following.follow.look()

    async def read(index: int) -> None:
        seen[index] += (await followers[index].read(page_bytes)).rows

    async def let_others_run(times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    return {
        "append": following.append,
        "append elsewhere": append_elsewhere,
        "tell of the head": tell_of_the_head,
        "announce again": announce_again,
        "look": look,
        "read": read,
        "yield": let_others_run,
    }
