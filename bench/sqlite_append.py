"""Appending to the storage layer alone, beside apsw alone with the same schema and rows.

`python -m bench.sqlite_append` prints both in batches of 1, 64 and 512, and once more with a main
thread that is as busy as a node's.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw

from bench.figure import Figure, table
from ranvier.events.append import Accepted, Append
from ranvier.events.event import NewEvent
from ranvier.storage.sqlite.connections import database_path, open_writer
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.migrate import migrate
from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.positions import base_position

BATCHES = (1, 64, 512)
ROUNDS = 3
SECONDS = 2.0
EVENTS_PER_AGGREGATE = 10
EVENT_BYTES = 256
TIME_MS = 1_790_000_000_000
EVENTS_BUILT_AHEAD = 300_000

_INSERT_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_KEY = "INSERT INTO append_key VALUES (?, ?, ?, ?)"
_MOVE_HEAD = "UPDATE context SET head = ?, latest_time = ? WHERE id = 1"


def main() -> None:
    """Measure and print."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as folder:
        for events_per_batch in BATCHES:
            figures += compared(Path(folder), events_per_batch)
    print(table(figures))


def compared(folder: Path, events_per_batch: int) -> list[Figure]:
    """Measure one size of batch, turn by turn on the same file system."""
    raw, own, busy = [], [], []
    for turn in range(ROUNDS):
        place = folder / f"{events_per_batch}-{turn}"
        raw.append(
            raw_append_rate(place / "raw", events_per_batch=events_per_batch, seconds=SECONDS)
        )
        own.append(storage_append_rate(place / "own", events_per_batch))
        busy.append(storage_append_rate(place / "busy", events_per_batch, busy_loop=True))
    rate = statistics.median(raw)
    label = f"batches of {events_per_batch}"
    return [
        Figure(f"apsw alone, {label}", rate, "events/s"),
        Figure(f"storage, {label}", statistics.median(own), "events/s"),
        Figure("... beside apsw alone", statistics.median(own) / rate, "x"),
        Figure(f"storage, {label}, event loop busy", statistics.median(busy), "events/s"),
    ]


def raw_append_rate(directory: Path, *, events_per_batch: int, seconds: float) -> float:
    """Append with apsw alone, one commit for each batch; return events per second.

    The schema is made by the node's own migrations, the connection is set up as the node's writer
    but checkpoints by itself, and the rows are those that the node writes: the event, its append
    key (one for each event) and the context's head.
    """
    directory.mkdir(parents=True, exist_ok=True)
    options = SqliteOptions()
    connection = open_writer(database_path(directory), options)
    connection.execute(f"PRAGMA wal_autocheckpoint = {options.checkpoint_pages}").fetchall()
    migrate(connection, database_path(directory))
    connection.execute("INSERT INTO context (id, name, dcb) VALUES (1, 'default', 0)")
    events = new_events(EVENTS_BUILT_AHEAD, width=max(events_per_batch, 8))
    cursor = connection.cursor()
    token = 0
    started = time.perf_counter()
    while time.perf_counter() - started < seconds and token < len(events):
        batch = events[token : token + events_per_batch]
        write_raw(cursor, token, batch)
        token += len(batch)
    rate = token / (time.perf_counter() - started)
    connection.close()
    return rate


def write_raw(cursor: apsw.Cursor, token: int, batch: Sequence[NewEvent]) -> None:
    """Write one batch as somebody would who trusts every event."""
    base = base_position(1)
    cursor.execute("BEGIN IMMEDIATE")
    cursor.executemany(
        _INSERT_EVENT,
        [
            (
                base + number,
                1,
                event.aggregate_id,
                event.aggregate_type,
                event.sequence,
                event.time_ms,
                event.time_ms,
                event.name,
                event.data,
            )
            for number, event in enumerate(batch, token)
        ],
    )
    cursor.executemany(
        _INSERT_KEY,
        [(1, append_id(number), number, 1) for number in range(token, token + len(batch))],
    )
    cursor.execute(_MOVE_HEAD, (token + len(batch), batch[-1].time_ms))
    cursor.execute("COMMIT")


def storage_append_rate(
    directory: Path, events_per_batch: int, *, busy_loop: bool = False
) -> float:
    """Append through the port, one batch after the other; return events per second."""
    return asyncio.run(_storage_append_rate(directory, events_per_batch, busy_loop))


async def _storage_append_rate(directory: Path, events_per_batch: int, busy_loop: bool) -> float:
    database = SqliteDatabase(directory)
    await database.start()
    await database.contexts.create("default")
    events = new_events(EVENTS_BUILT_AHEAD, width=max(events_per_batch, 8))
    stop = threading.Event()
    busy = asyncio.ensure_future(_keep_busy(stop)) if busy_loop else None
    token = 0
    started = time.perf_counter()
    while time.perf_counter() - started < SECONDS and token < len(events):
        batch = [
            Append(append_id(number), (event,))
            for number, event in enumerate(events[token : token + events_per_batch], token)
        ]
        outcomes = await database.events.append("default", batch)
        if not all(isinstance(outcome, Accepted) for outcome in outcomes):
            raise AssertionError(f"an append was refused: {outcomes}")
        token += len(batch)
    rate = token / (time.perf_counter() - started)
    stop.set()
    if busy is not None:
        await busy
    await database.stop()
    return rate


async def _keep_busy(stop: threading.Event) -> None:
    """Use the interpreter as a node under load does: bursts of work, and looks at the sockets."""
    while not stop.is_set():
        until = time.perf_counter() + 200e-6
        while time.perf_counter() < until:
            pass
        await asyncio.sleep(0)


def new_events(count: int, *, width: int) -> list[NewEvent]:
    """Events of `width` aggregates at a time, in turn, each of them ten events long."""
    return list(_new_events(count, width))


def _new_events(count: int, width: int) -> Iterator[NewEvent]:
    for number in range(count):
        round_number, place = divmod(number, width)
        aggregate, sequence = divmod(round_number, EVENTS_PER_AGGREGATE)
        yield NewEvent(
            name="com.example.orders.OrderChanged",
            data=os.urandom(EVENT_BYTES),
            time_ms=TIME_MS + number,
            aggregate_id=aggregate_id(aggregate * width + place),
            aggregate_type="Order",
            sequence=sequence,
        )


def aggregate_id(number: int) -> str:
    """An id as long as a UUID, and as much without order as one."""
    return f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}-ord"


def append_id(number: int) -> bytes:
    """An id that grows with time, as the node mints them."""
    return (TIME_MS + number // 10).to_bytes(6, "big") + number.to_bytes(10, "big")


if __name__ == "__main__":
    main()
