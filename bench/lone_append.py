"""What one append costs where nobody else appends, beside one bare commit of the same bytes.

python -m bench.lone_append
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import asyncpg

from examples.postgres_server import PostgresServer
from ranvier.events.append import Accepted, Append
from ranvier.events.event import NewEvent
from ranvier.services.append_id import AppendIds
from ranvier.storage.postgres.database import PostgresDatabase

ROUNDS = 400
BYTES = 256


async def seconds_of_bare_commits(connection: asyncpg.Connection) -> list[float]:
    """Insert a row by a statement of its own, again and again."""
    insert = await connection.prepare("INSERT INTO bare (data) VALUES ($1)")
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await insert.fetch(os.urandom(BYTES))
        seconds.append(time.perf_counter() - started)
    return seconds


async def seconds_of_appends(database: PostgresDatabase, name: str, *, is_new: bool) -> list[float]:
    """Append an event to one aggregate, or each to a new one, again and again."""
    ids = AppendIds(lambda: time.time_ns() // 1_000_000, os.urandom)
    seconds = []
    for number in range(ROUNDS):
        aggregate, sequence = (f"{name}-{number}", 0) if is_new else (name, number)
        event = NewEvent("Opened", os.urandom(BYTES), 0, aggregate, "Order", sequence)
        started = time.perf_counter()
        (outcome,) = await database.events.append("default", [Append(ids(), (event,))])
        seconds.append(time.perf_counter() - started)
        assert isinstance(outcome, Accepted)
    return seconds


async def measure(address: str) -> dict[str, float]:
    """Measure in turns; return the median of each, in seconds."""
    database = PostgresDatabase(address)
    await database.start()
    await database.contexts.create("default")
    connection = await asyncpg.connect(address)
    await connection.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, data bytea)")
    found: dict[str, list[float]] = {"bare commit": [], "new aggregate": [], "same aggregate": []}
    for turn in range(3):
        found["bare commit"] += await seconds_of_bare_commits(connection)
        found["new aggregate"] += await seconds_of_appends(database, f"new-{turn}", is_new=True)
        found["same aggregate"] += await seconds_of_appends(database, f"one-{turn}", is_new=False)
    await connection.close()
    await database.stop()
    return {name: median(seconds) for name, seconds in found.items()}


def main() -> None:
    """Measure on a server of its own and print a line for each."""
    server = PostgresServer(place=Path(tempfile.gettempdir()))  # a disk, where a flush costs
    try:
        medians = asyncio.run(measure(server.address()))
    finally:
        server.close()
    bare = medians["bare commit"]
    for name, seconds in medians.items():
        print(f"{name:16} p50 {seconds * 1e6:8,.0f} µs   {seconds / bare:.2f} x")


if __name__ == "__main__":
    main()
