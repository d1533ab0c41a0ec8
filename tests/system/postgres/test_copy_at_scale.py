"""A large embedded database is copied into PostgreSQL: killed, gone on with, in little memory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psutil
import pytest

from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import append, event
from tests.support.cluster_load import pause
from tests.support.databases import opened
from tests.support.postgres_databases import new_database
from tests.support.scale import scaled

EVENTS_PER_APPEND = 20
APPENDS_PER_COMMIT = 100
DATA_BYTES = 120
MEMORY_BYTES_MAX = 400 << 20
"""The copy goes page by page, so that the size of the database does not matter."""
LOOK_SECONDS = 0.1


async def fill(directory: Path, events: int) -> None:
    database = await opened(SqliteDatabase, directory)
    data = b"x" * DATA_BYTES
    number = 0
    while number < events:
        batch = []
        for _ in range(min(APPENDS_PER_COMMIT, (events - number) // EVENTS_PER_APPEND)):
            name = f"order-{number}"
            batch.append(
                append(*(event(each, name, data=data) for each in range(EVENTS_PER_APPEND)))
            )
            number += EVENTS_PER_APPEND
        await database.events.append("default", batch)
    await database.stop()


def copying(directory: Path, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "ranvier", "database", "copy"),
            *("--data", str(directory), "--to", address, "-o", "json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def copied_so_far(address: str) -> int:
    connection = await asyncpg.connect(address)
    try:
        if await connection.fetchval("SELECT to_regclass('ranvier.event')") is None:
            return 0
        count: int = await connection.fetchval("SELECT count(*) FROM ranvier.event")
        return count
    finally:
        await connection.close()


def peak_bytes_of(copy: subprocess.Popen[str]) -> int:
    """Wait for a copy to end, and return how much memory it has had at most."""
    peak, watched = 0, psutil.Process(copy.pid)
    while copy.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
            copy.wait(LOOK_SECONDS)
        except (subprocess.TimeoutExpired, psutil.NoSuchProcess):
            continue
    return peak


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_many_events_are_copied_in_two_goes_and_little_memory(tmp_path: Path) -> None:
    directory, address = tmp_path / "data", new_database()
    events = scaled(2_000_000, suite=60_000)
    await fill(directory, events)
    began = time.monotonic()
    first = copying(directory, address)
    while first.poll() is None and await copied_so_far(address) < events // 4:
        await pause(LOOK_SECONDS)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    seconds_of_first = time.monotonic() - began
    half = await copied_so_far(address)
    assert 0 < half < events
    began = time.monotonic()
    second = copying(directory, address)
    peak = peak_bytes_of(second)
    seconds = time.monotonic() - began
    out, err = second.communicate()
    assert second.returncode == 0, err
    tables = {one["table"]: one["rows"] for one in json.loads(out)["tables"]}
    assert tables["event"] == await copied_so_far(address) == events
    assert peak < MEMORY_BYTES_MAX
    rate = events / (seconds + seconds_of_first)
    print(
        f"{half} events in {seconds_of_first:.1f} s, killed; {events - half} more and the"
        f" comparison of all {events} in {seconds:.1f} s: {rate:,.0f}"
        f" events/s in all, at most {peak >> 20} MiB"
    )
