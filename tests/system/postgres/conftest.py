from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.databases import opened
from tests.support.postgres_databases import database_address
from tests.support.postgres_server import PostgresServer

IMPATIENT = PostgresOptions(lock_seconds=1.1)
"""Just longer than a holder must have waited for its node to be ended."""


@pytest.fixture
def address(tmp_path: Path) -> str:
    return database_address(tmp_path)


@pytest.fixture
async def nodes(address: str) -> AsyncIterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """Two nodes on one database."""
    first, second = (PostgresDatabase(address, IMPATIENT) for _ in range(2))
    await opened(lambda _: first, Path())
    await second.start()
    yield first, second
    await second.stop()
    await first.stop()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()
