"""Two million snapshots with prune on one key: the last costs what the first did."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import pytest

from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.databases import CONTEXT, opened
from tests.support.scale import scaled

KEY = b"account/1"
IN_FLIGHT = 200
DATA = bytes(300)


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_snapshots_with_prune_do_not_slow_down(tmp_path: Path) -> None:
    rounds = scaled(2_000_000, suite=16_000) // IN_FLIGHT
    database = await opened(SqliteDatabase, tmp_path)
    seconds: list[float] = []
    sizes: list[int] = []
    for number in range(rounds):
        first = number * IN_FLIGHT
        before = time.process_time()
        await asyncio.gather(
            *(
                database.keyed_snapshots.add(CONTEXT, KeyedSnapshot(KEY, n, DATA), prune=True)
                for n in range(first, first + IN_FLIGHT)
            )
        )
        seconds.append(time.process_time() - before)
        sizes.append((tmp_path / "ranvier.db").stat().st_size)
    page = await database.keyed_snapshots.page(
        CONTEXT, KEY, from_sequence=0, before_sequence=2**62, page_bytes=1 << 20
    )
    await database.stop()
    quarter = rounds // 4
    early, late = (statistics.median(part) for part in (seconds[:quarter], seconds[-quarter:]))
    print(f"{rounds * IN_FLIGHT} kept: {IN_FLIGHT} cost {early:.4f} s first, {late:.4f} s at last")
    assert [one.sequence for one in page.snapshots] == [rounds * IN_FLIGHT - 1]
    assert late < 3 * early
    assert sizes[-1] <= 2 * sizes[rounds // 2]
