"""A head that is lower than one already seen is refused, wherever it shows (rule 6)."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from ranvier.storage.errors import HeadWentBack, StorageUnavailable
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import append, event, store
from tests.support.databases import CONTEXT


async def test_an_older_database_in_place_of_the_known_one_is_refused(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    await database.contexts.create("other")
    await store(database, event(0), event(1), event(2))
    foreign = apsw.Connection(str(database_path(tmp_path)))
    foreign.execute("UPDATE context SET head = 1 WHERE name = 'default'")
    foreign.execute("DELETE FROM event WHERE sequence > 0")
    foreign.close()
    with pytest.raises(HeadWentBack, match="had reached token 3 and now ends at 1"):
        await database.events.append(CONTEXT, [append(event(1))])
    with pytest.raises(HeadWentBack):
        await database.events.head(CONTEXT)
    with pytest.raises(HeadWentBack):
        await database.events.heads()
    assert await store(database, event(0), context="other")


async def test_a_context_never_grows_into_the_room_of_the_next(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    foreign = apsw.Connection(str(database_path(tmp_path)))
    foreign.execute(f"UPDATE context SET head = {2**40 - 1} WHERE name = 'default'")
    foreign.close()
    with pytest.raises(StorageUnavailable, match="has all the events that one can have"):
        await database.events.append(CONTEXT, [append(event(0), event(1))])
    assert await database.events.head(CONTEXT) == 2**40 - 1
