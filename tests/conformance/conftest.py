"""One suite for every database: each test gets them in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ranvier.storage.database import Database
from tests.support.databases import FACTORIES, MakeDatabase, opened


@pytest.fixture(params=list(FACTORIES.values()), ids=list(FACTORIES))
def make_database(request: pytest.FixtureRequest) -> MakeDatabase:
    make: MakeDatabase = request.param
    return make


@pytest.fixture
async def database(make_database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    database = await opened(make_database, tmp_path)
    yield database
    await database.stop()
