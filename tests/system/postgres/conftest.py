from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.databases import opened
from tests.support.postgres_databases import database_address
from tests.support.postgres_server import PostgresServer

IMPATIENT = PostgresOptions(lock_seconds=1.1)
"""Just longer than a holder must have waited for its node to be ended."""


PATIENT = PostgresOptions(lock_seconds=60, read_seconds=60, answer_seconds=90)
"""For what waits for as long as a test, and a machine that is busy, takes."""


@pytest.fixture
def address(tmp_path: Path) -> str:
    return database_address(tmp_path)


@asynccontextmanager
async def two_nodes(
    address: str, options: PostgresOptions
) -> AsyncIterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """Two nodes on one database."""
    first, second = (PostgresDatabase(address, options) for _ in range(2))
    await opened(lambda _: first, Path())
    await second.start()
    yield first, second
    await second.stop()
    await first.stop()


@pytest.fixture
async def nodes(address: str) -> AsyncIterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """Two nodes that do not wait long for a head row."""
    async with two_nodes(address, IMPATIENT) as both:
        yield both


@pytest.fixture
async def patient_nodes(address: str) -> AsyncIterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """Two nodes that wait for a head row until its holder lets go of it."""
    async with two_nodes(address, PATIENT) as both:
        yield both


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()
