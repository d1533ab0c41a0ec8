from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.databases import opened
from tests.support.faulty_disk import FaultyDisk, faulty_disk


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path)
    await opened(lambda _: database, tmp_path)
    yield database
    await database.stop()


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    with faulty_disk() as disk:
        yield disk
