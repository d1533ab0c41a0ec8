"""Events as blocks of a stream: those of an aggregate, or those from a token on as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from ranvier.services.event_follower import EventFollower
from ranvier.services.follow_events import FollowEvents
from ranvier.services.read_events import ReadEvents
from ranvier.storage.event_log import Page
from ranvier.web.event_json import event_to_json
from ranvier.web.event_stream import KEEP_ALIVE, data_line

PAGE_BYTES: Final = 64 * 1024
"""Of messages in one block: what one stream holds for a reader that is slow."""

KEEP_ALIVE_SECONDS: Final = 15.0
"""Silence after which a stream says that it lives: proxies cut connections that are silent."""


@dataclass(frozen=True, slots=True)
class TokenRange:
    """From which token on a reader wants events, and how many at most (one at least)."""

    context: str
    from_token: int
    max_events: int


async def aggregate_blocks(
    read: ReadEvents, context: str, aggregate_id: str, from_sequence: int, *, allow_snapshot: bool
) -> AsyncIterator[bytes]:
    """Yield an aggregate's events in order, its newest snapshot first where that is allowed."""
    pages = read.aggregate(context, aggregate_id, from_sequence, allow_snapshot=allow_snapshot)
    async for rows in pages:
        yield b"".join([data_line(event_to_json(row)) for row in rows])


async def stored_blocks(read: ReadEvents, wanted: TokenRange) -> AsyncIterator[bytes]:
    """Yield the events that are stored now."""
    head = min(await read.head(wanted.context), wanted.from_token + wanted.max_events)
    token = wanted.from_token
    while token < head:
        page = await read.page(wanted.context, token, head, PAGE_BYTES)
        if not page.rows:
            return
        yield page_block(page.first_token, page.rows)
        token = page.next_token


async def followed_blocks(
    follow: FollowEvents, wanted: TokenRange, timeout_seconds: float, clock: Callable[[], float]
) -> AsyncIterator[bytes]:
    """Yield the events that are stored and those that come, until the time is over."""
    end = clock() + timeout_seconds
    follower = await follow.follow(wanted.context, wanted.from_token)
    try:
        # The reader learns at once that it is connected.
        yield KEEP_ALIVE
        left = wanted.max_events
        async with aclosing(pages(follower, clock, end)) as incoming:
            async for page in incoming:
                rows = page.rows[:left]
                yield page_block(page.first_token, rows) if rows else KEEP_ALIVE
                left -= len(rows)
                if left == 0:
                    return
    finally:
        follow.leave(follower)


async def pages(
    follower: EventFollower, clock: Callable[[], float], end: float
) -> AsyncGenerator[Page]:
    """Yield what the follower reads, an empty page in silence; end at that time of the clock.

    A reader that has not caught up by then gets what is there first.
    """
    while True:
        follower.rest()
        if follower.has_more:
            yield await follower.read(PAGE_BYTES)
            continue
        seconds_left = end - clock()
        if seconds_left <= 0:
            return
        try:
            async with asyncio.timeout(min(seconds_left, KEEP_ALIVE_SECONDS)):
                await follower.wait()
        except TimeoutError:
            yield Page(follower.position, [], follower.position)


def page_block(first_token: int, rows: Sequence[bytes]) -> bytes:
    """Return one block with these events, their tokens in a row."""
    return b"".join(
        [data_line(event_to_json(row, token)) for token, row in enumerate(rows, first_token)]
    )
