"""The log stays short under load, and no reader keeps it long."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.options import PAGE_SIZE_BYTES, SqliteOptions
from tests.support.appends import all_rows, event, store
from tests.support.databases import CONTEXT, opened

CHECKPOINT_PAGES = 64


def log_bytes(directory: Path) -> int:
    path = database_path(directory)
    return path.with_name(path.name + "-wal").stat().st_size


async def test_the_log_is_bounded_while_appends_and_reads_go_on(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path, SqliteOptions(checkpoint_pages=CHECKPOINT_PAGES))
    await opened(lambda _: database, tmp_path)
    ended = asyncio.Event()

    async def read_all_the_time() -> int:
        pages = 0
        while not ended.is_set():
            await database.events.read(
                CONTEXT, from_token=0, before_token=2**40, page_bytes=1 << 20
            )
            pages += 1
        return pages

    reader = asyncio.ensure_future(read_all_the_time())
    written_bytes = 0
    for round_number in range(400):
        rows = [event(round_number * 10 + n, data=bytes(1_000)) for n in range(10)]
        await store(database, *rows)
        written_bytes += 10_000
    ended.set()
    assert await reader > 0
    # A round may grow while it is copied; it must not grow with what was written.
    assert log_bytes(tmp_path) < 20 * CHECKPOINT_PAGES * PAGE_SIZE_BYTES
    assert written_bytes * 2 > log_bytes(tmp_path)
    assert len(await all_rows(database)) == 4_000
    await database.stop()


async def test_stopping_leaves_one_file_that_holds_everything(tmp_path: Path) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    await store(database, event(0))
    await database.stop()
    assert sorted(os.listdir(tmp_path)) == ["ranvier.db", "ranvier.lock"]
