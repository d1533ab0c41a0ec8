"""One suite for every database: each test gets them in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ranvier.storage.database import Database
from tests.support.databases import FACTORIES, MakeDatabase, opened
from tests.support.placed_databases import placed_database

EVERY = {**FACTORIES, "placed": placed_database}

ONLY_IN_THE_SYSTEM_DATABASE = (
    "cluster_configuration",
    "cluster_identity",
    "cluster_nodes",
    "sessions",
    "local_users",
    "sign_in_attempts",
)
"""What these suites look at is the system database's, wherever contexts lie."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "make_database" not in metafunc.fixturenames:
        return
    is_there_alone = metafunc.module.__name__.endswith(ONLY_IN_THE_SYSTEM_DATABASE)
    kinds = FACTORIES if is_there_alone else EVERY
    metafunc.parametrize("make_database", [*kinds.values()], ids=[*kinds], indirect=True)


@pytest.fixture
def make_database(request: pytest.FixtureRequest) -> MakeDatabase:
    make: MakeDatabase = request.param
    return make


@pytest.fixture
async def database(make_database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    database = await opened(make_database, tmp_path)
    yield database
    await database.stop()
