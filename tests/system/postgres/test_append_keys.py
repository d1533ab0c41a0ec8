"""Append keys are kept while somebody may ask for them, whatever the clocks of nodes say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.events.append import Accepted
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.appends import append, event, new_append_id
from tests.support.databases import CONTEXT, opened
from tests.support.postgres_databases import database_address

HOUR_SECONDS = 3_600


@pytest.mark.parametrize("age_seconds", [HOUR_SECONDS, -HOUR_SECONDS])
async def test_a_key_of_a_node_with_another_clock_is_kept(tmp_path: Path, age_seconds: int) -> None:
    database = await opened_with(tmp_path, PostgresOptions(append_keys_per_sweep=10))
    appends = [
        append(event(n), append_id=new_append_id(age_seconds=age_seconds)) for n in range(40)
    ]
    for one in appends:
        await database.events.append(CONTEXT, [one])
    for number, one in enumerate(appends):
        assert await database.events.find_append(CONTEXT, one.append_id) == Accepted(number, 1)
    await database.stop()


async def test_keys_that_came_long_ago_are_removed(tmp_path: Path) -> None:
    options = PostgresOptions(append_key_seconds=0, append_keys_per_sweep=10)
    database = await opened_with(tmp_path, options)
    appends = [append(event(n), append_id=new_append_id(age_seconds=0)) for n in range(40)]
    for one in appends:
        await database.events.append(CONTEXT, [one])
    await database.stop()
    again = await opened_with(tmp_path, PostgresOptions())
    found = [await again.events.find_append(CONTEXT, one.append_id) for one in appends]
    await again.stop()
    assert found[:20] == [None] * 20
    assert found[-1] == Accepted(39, 1)


async def opened_with(directory: Path, options: PostgresOptions) -> PostgresDatabase:
    database = PostgresDatabase(database_address(directory), options)
    await opened(lambda _: database, directory)
    return database
