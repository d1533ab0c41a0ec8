"""A loop that handles every event at least once and remembers how far it came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ranvier.client.events_message import StoredEvent
from ranvier.client.events_tail import EventTail, TailOptions
from ranvier.client.token_store import TokenStore

Handler = Callable[[StoredEvent], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How events are handled one after the other."""

    name: str = "default"
    """Under which the position is kept: one for each handler of a context."""
    start: int = 0
    """Token at which a new name begins."""
    batch_size: int = 100
    """Events handled before the position is stored, at most; fewer where no more are there."""
    tail: TailOptions = field(default_factory=TailOptions)
    stop: asyncio.Event | None = None
    """Set it, and the loop ends after the event in hand, with its position stored."""


async def process_events(
    follow: Callable[[int, TailOptions], EventTail],
    handler: Handler,
    position: tuple[TokenStore, str],
    options: ProcessOptions,
) -> None:
    """Handle events from the stored position on until stopped; the handler's error ends it."""
    token_store, key = position
    stored = await token_store.load(key)
    tail = follow(options.start if stored is None else stored, options.tail)
    handled = tail.position
    try:
        while True:
            events = await next_batch(tail, options)
            if events is None:
                return
            after = handled
            try:
                for event in events:
                    await handler(event)
                    handled = (event.token or 0) + 1
                    if options.stop is not None and options.stop.is_set():
                        return
            finally:
                if handled != after:
                    await token_store.store(key, handled)
    finally:
        await tail.aclose()


async def next_batch(tail: EventTail, options: ProcessOptions) -> list[StoredEvent] | None:
    """Return the events that come next, None once the loop is to stop."""
    if options.stop is None:
        return await tail.batch(options.batch_size)
    if options.stop.is_set():
        return None
    loop = asyncio.get_running_loop()
    reading = loop.create_task(tail.batch(options.batch_size))
    stopping = loop.create_task(options.stop.wait())
    try:
        await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return reading.result() if reading.done() else None
    finally:
        await ended(reading)
        await ended(stopping)


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancel a task that may have ended and wait until it has; its error, if any, is dropped."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
