"""Fills a data directory with many events through the storage port, before a node is measured."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.stored_events import EVENTS_PER_AGGREGATE, TIME_MS, aggregate_id, event_bytes
from ranvier.events.append import Append
from ranvier.events.event import NewEvent
from ranvier.storage.sqlite.database import SqliteDatabase

EVENTS_PER_APPEND = 1_000
APPENDS_PER_BATCH = 5


def fill(directory: Path, count: int) -> None:
    """Store `count` events in the context `default` of a database that no node has open."""
    asyncio.run(_fill(directory, count))


async def _fill(directory: Path, count: int) -> None:
    database = SqliteDatabase(directory)
    await database.start()
    try:
        await database.contexts.create("default")
        step = EVENTS_PER_APPEND * APPENDS_PER_BATCH
        for start in range(0, count, step):
            appends = [
                Append(
                    first.to_bytes(16, "big"),
                    tuple(new_event(n) for n in range(first, first + EVENTS_PER_APPEND)),
                )
                for first in range(start, start + step, EVENTS_PER_APPEND)
            ]
            await database.events.append("default", appends)
    finally:
        await database.stop()


def new_event(number: int) -> NewEvent:
    """Return the event `number` as the store takes it."""
    return NewEvent(
        name="com.example.orders.OrderChanged",
        data=event_bytes(number),
        time_ms=TIME_MS + number,
        aggregate_id=aggregate_id(number // EVENTS_PER_AGGREGATE),
        aggregate_type="Order",
        sequence=number % EVENTS_PER_AGGREGATE,
    )
