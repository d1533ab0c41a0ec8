"""Reading from the storage layer alone, beside apsw alone on the same rows.

`python -m bench.sqlite_read` fills a database and prints both.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import apsw

from bench.figure import Figure, table
from bench.sqlite_append import EVENTS_PER_AGGREGATE, aggregate_id, append_id, new_events
from ranvier.events.append import Append
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.database import SqliteDatabase

STORED_EVENTS = 300_000
EVENTS_PER_APPEND = 1_000
WIDTH = 512
PAGE_BYTES = 256 * 1024
LOADS = 20_000
LOADS_IN_FLIGHT = 64
ROUNDS = 3
CONTEXT = "default"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as folder:
        figures = asyncio.run(measure(Path(folder)))
    print(table(figures))


async def measure(folder: Path) -> list[Figure]:
    """Fill, then read everything in pages, and aggregates of ten events."""
    database = SqliteDatabase(folder)
    await database.start()
    try:
        await fill(database)
        pages = min([await read_all(database) for _ in range(ROUNDS)])
        loads = min([await load_aggregates(database) for _ in range(ROUNDS)])
        raw = min(raw_read_seconds(folder) for _ in range(ROUNDS))
    finally:
        await database.stop()
    return [
        Figure("apsw alone, CPU for one event", raw / STORED_EVENTS * 1e6, "µs"),
        Figure("storage, CPU for one event", pages / STORED_EVENTS * 1e6, "µs"),
        Figure("storage, CPU for an aggregate of 10 events", loads / LOADS * 1e6, "µs"),
    ]


async def fill(database: SqliteDatabase) -> None:
    """Store the events in appends of a thousand."""
    await database.contexts.create(CONTEXT)
    events = new_events(STORED_EVENTS, width=WIDTH)
    for start in range(0, STORED_EVENTS, EVENTS_PER_APPEND):
        chunk = tuple(events[start : start + EVENTS_PER_APPEND])
        await database.events.append(CONTEXT, [Append(append_id(start), chunk)])


async def read_all(database: SqliteDatabase) -> float:
    """Read every event once; return the CPU seconds of this process."""
    started = time.process_time()
    token = 0
    while token < STORED_EVENTS:
        page = await database.events.read(
            CONTEXT, from_token=token, before_token=STORED_EVENTS, page_bytes=PAGE_BYTES
        )
        token = page.next_token
    return time.process_time() - started


async def load_aggregates(database: SqliteDatabase) -> float:
    """Load aggregates all over the log, some at a time; return the CPU seconds."""
    step = STORED_EVENTS // EVENTS_PER_AGGREGATE // LOADS
    waiting = iter(range(LOADS))
    started = time.process_time()

    async def load_some() -> None:
        for number in waiting:
            page = await database.events.read_aggregate(
                CONTEXT,
                aggregate_id(number * step),
                from_sequence=0,
                to_sequence=2**63 - 1,
                page_bytes=PAGE_BYTES,
            )
            if len(page.rows) != EVENTS_PER_AGGREGATE or page.next_sequence is not None:
                raise AssertionError(f"aggregate {number} came with {len(page.rows)} events")

    await asyncio.gather(*[load_some() for _ in range(LOADS_IN_FLIGHT)])
    return time.process_time() - started


def raw_read_seconds(directory: Path) -> float:
    """Read the same rows, token and data, with apsw alone; return the CPU seconds."""
    connection = apsw.Connection(str(database_path(directory)), flags=apsw.SQLITE_OPEN_READONLY)
    started = time.process_time()
    count = sum(1 for _ in connection.execute("SELECT position, data FROM event ORDER BY position"))
    used = time.process_time() - started
    connection.close()
    if count != STORED_EVENTS:
        raise AssertionError(f"the database holds {count} events")
    return used


if __name__ == "__main__":
    main()
