"""The database that nodes share, as a node opens it."""

from __future__ import annotations

from ranvier.config.settings import Settings
from ranvier.security.secret import Secret
from ranvier.storage.database import Database
from ranvier.storage.placed.database import PlacedDatabase
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions


def database_of(settings: Settings) -> Database:
    """Return the database at the address that the settings name, and with it those of contexts."""
    assert settings.database.dsn is not None  # noqa: S101  # whoever asks has looked
    takes_unsafe = settings.unsafe_database

    def open_other(address: Secret, owner: str) -> PostgresDatabase:
        return PostgresDatabase(
            address.reveal(), PostgresOptions(takes_unsafe=takes_unsafe, owner=owner)
        )

    options = PostgresOptions(takes_unsafe=takes_unsafe)
    return PlacedDatabase(PostgresDatabase(settings.database.dsn.reveal(), options), open_other)
