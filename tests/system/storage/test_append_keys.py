"""Append keys are kept while somebody may ask for them, and no longer."""

from __future__ import annotations

from pathlib import Path

from ranvier.events.append import Accepted
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.options import SqliteOptions
from tests.support.appends import append, event, new_append_id
from tests.support.databases import CONTEXT, opened


async def test_old_keys_are_swept_away_and_young_ones_kept(tmp_path: Path) -> None:
    options = SqliteOptions(append_key_seconds=60, append_keys_per_sweep=10)
    database = SqliteDatabase(tmp_path, options)
    await opened(lambda _: database, tmp_path)
    old = [append(event(n), append_id=new_append_id(age_seconds=61)) for n in range(30)]
    young = [append(event(30 + n), append_id=new_append_id(age_seconds=30)) for n in range(30)]
    for one in [*old, *young]:
        await database.events.append(CONTEXT, [one])
    for one in old[:20]:
        assert await database.events.find_append(CONTEXT, one.append_id) is None
    for number, one in enumerate(young):
        found = await database.events.find_append(CONTEXT, one.append_id)
        assert found == Accepted(30 + number, 1)
    assert await database.events.head(CONTEXT) == 60
    await database.stop()
