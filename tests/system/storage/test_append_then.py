"""The callback form of `append`: handed in at once, answered on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from ranvier.events.append import Accepted, Outcome
from ranvier.events.errors import UnknownContext
from ranvier.storage.errors import StorageFull
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import append, event
from tests.support.databases import CONTEXT, opened
from tests.support.faulty_disk import FaultyDisk

Answer = Sequence[Outcome] | Exception


async def test_what_is_handed_in_first_is_stored_first(database: SqliteDatabase) -> None:
    answers: list[Answer] = []
    for sequence in range(3):
        database.events.append_then(CONTEXT, [append(event(sequence))], answers.append)
    assert answers == []
    assert await database.events.append(CONTEXT, [append(event(3))]) == [Accepted(3, 1)]
    assert answers == [[Accepted(0, 1)], [Accepted(1, 1)], [Accepted(2, 1)]]


async def test_an_unknown_context_is_refused_at_once(database: SqliteDatabase) -> None:
    with pytest.raises(UnknownContext):
        database.events.append_then("nowhere", [append(event(0))], lambda _: None)


async def test_a_failure_is_told_to_the_callback(disk: FaultyDisk, tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    await opened(lambda _: database, tmp_path)
    disk.be_full()
    told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    database.events.append_then(CONTEXT, [append(event(0))], told.set_result)
    assert isinstance(await told, StorageFull)
    disk.recover()
    await database.stop()
