"""The database that nodes share, as a node opens it."""

from __future__ import annotations

from ranvier.config.settings import Settings
from ranvier.storage.database import Database
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions


def database_of(settings: Settings) -> Database:
    """Return the database at the address that the settings name."""
    assert settings.database.dsn is not None  # noqa: S101  # whoever asks has looked
    options = PostgresOptions(takes_unsafe=settings.unsafe_database)
    return PostgresDatabase(settings.database.dsn.reveal(), options)
