"""The embedded database, as a node opens it."""

from __future__ import annotations

from ranvier.config.settings import Settings
from ranvier.storage.database import Database
from ranvier.storage.sqlite.database import SqliteDatabase


def database_of(settings: Settings) -> Database:
    """Return the database in the directory that the settings name."""
    return SqliteDatabase(settings.database_directory)
