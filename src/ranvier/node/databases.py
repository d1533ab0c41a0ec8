"""Which database a node works with: the only place that knows that there are two kinds."""

from __future__ import annotations

from ranvier.config.settings import Settings
from ranvier.storage.database import Database
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.sqlite.database import SqliteDatabase


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; it is opened by its `start`."""
    dsn = settings.database.dsn
    if dsn is not None:
        options = PostgresOptions(takes_unsafe=settings.unsafe_database)
        return PostgresDatabase(dsn.reveal(), options)
    return SqliteDatabase(settings.database_directory)
