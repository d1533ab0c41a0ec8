"""The databases that the conformance suite covers: add a factory, and it covers one more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ranvier.storage.database import Database
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.postgres_databases import postgres_database

CONTEXT = "default"

MakeDatabase = Callable[[Path], Database]
"""Makes a database, not started, that keeps everything in a directory or under its name; called
again with the same directory it finds what the first one has stored."""

FACTORIES: dict[str, MakeDatabase] = {"sqlite": SqliteDatabase, "postgres": postgres_database}


async def opened(make: MakeDatabase, directory: Path) -> Database:
    """Start a database, with the context that the tests use."""
    database = make(directory)
    await database.start()
    if CONTEXT not in await database.contexts.names():
        await database.contexts.create(CONTEXT)
    return database
