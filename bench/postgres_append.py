"""Appending to PostgreSQL by asyncpg alone: the node's schema and rows, and nothing decided.

One connection, one commit for each batch, as somebody would write it who trusts every event.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

import asyncpg

from bench.sqlite_append import append_id, new_events
from ranvier.events.event import NewEvent
from ranvier.storage.postgres.database import PostgresDatabase

EVENTS_PER_TURN = 100_000
COMMITS = 300

NumberedEvent = tuple[int, NewEvent]

_LOCK = "SELECT head FROM ranvier.context WHERE id = 1 FOR UPDATE"
_INSERT_EVENTS = """
INSERT INTO ranvier.event
    (context, token, aggregate_id, aggregate_type, sequence, time, latest_time, name, data)
SELECT 1, own.token, own.aggregate_id, 'Order', own.sequence, own.time, own.time, own.name, own.data
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[])
    AS own (token, aggregate_id, sequence, time, name, data)
"""
_INSERT_KEYS = """
INSERT INTO ranvier.append_key (context, append_id, first_token, count)
SELECT 1, own.append_id, own.token, 1 FROM unnest($1::bytea[], $2::bigint[])
    AS own (append_id, token)
"""
_MOVE_HEAD = "UPDATE ranvier.context SET head = $1 WHERE id = 1"
_BARE_COMMIT = "UPDATE ranvier.context SET lookups = lookups + 1 WHERE id = 1"


async def prepare(address: str) -> None:
    """Lay the node's tables out in an empty database, with one context."""
    database = PostgresDatabase(address)
    await database.start()
    await database.contexts.create("default")
    await database.stop()


def raw_events(turns: int) -> list[list[NumberedEvent]]:
    """Return the events of so many turns, each with aggregates of its own."""
    numbered = list(enumerate(new_events(turns * EVENTS_PER_TURN, width=EVENTS_PER_TURN // 10)))
    return [
        numbered[start : start + EVENTS_PER_TURN]
        for start in range(0, len(numbered), EVENTS_PER_TURN)
    ]


def run_raw(
    address: str, events: list[NumberedEvent], events_per_batch: int, seconds: float
) -> float:
    """Append for a while; return events per second."""
    return asyncio.run(_append(address, events, events_per_batch, seconds))


async def _append(
    address: str, events: list[NumberedEvent], events_per_batch: int, seconds: float
) -> float:
    connection = await asyncpg.connect(address)
    head: int = await connection.fetchval(_LOCK)
    done = 0
    started = time.perf_counter()
    while time.perf_counter() - started < seconds and done < len(events):
        batch = events[done : done + events_per_batch]
        await _store(connection, head + done, batch)
        done += len(batch)
    rate = done / (time.perf_counter() - started)
    await connection.close()
    return rate


async def bare_commit_seconds(address: str) -> float:
    """Return the median time of a statement that changes one row and commits."""
    connection = await asyncpg.connect(address)
    seconds = []
    for _ in range(COMMITS):
        started = time.perf_counter()
        await connection.execute(_BARE_COMMIT)
        seconds.append(time.perf_counter() - started)
    await connection.close()
    return median(seconds)


async def new_database(address: str, name: str) -> None:
    """Make an empty database on the server of an address."""
    connection = await asyncpg.connect(address)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


async def _store(connection: Any, head: int, batch: list[NumberedEvent]) -> None:
    tokens = list(range(head, head + len(batch)))
    async with connection.transaction():
        await connection.fetchval(_LOCK)
        await connection.execute(
            _INSERT_EVENTS,
            tokens,
            [event.aggregate_id for _, event in batch],
            [event.sequence for _, event in batch],
            [event.time_ms for _, event in batch],
            [event.name for _, event in batch],
            [event.data for _, event in batch],
        )
        await connection.execute(_INSERT_KEYS, [append_id(number) for number, _ in batch], tokens)
        await connection.execute(_MOVE_HEAD, head + len(batch))
