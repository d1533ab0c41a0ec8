"""A system database that places every context in a second database, for the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ranvier.security.secret import Secret
from ranvier.storage.placed.contexts import PlacedContexts
from ranvier.storage.placed.database import PlacedDatabase
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.postgres_databases import database_address


def open_placed(address: Secret, owner: str) -> PostgresDatabase:
    """Return the database at an address for contexts of a cluster."""
    return PostgresDatabase(address.reveal(), PostgresOptions(owner=owner))


class ElsewhereContexts(PlacedContexts):
    """Creates contexts in another database unless somebody says where."""

    elsewhere: Secret

    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] | None = None,
        database: Secret | None = None,
    ) -> None:
        """Create a context elsewhere."""
        await super().create(
            name, dcb=dcb, properties=properties, database=database or self.elsewhere
        )


def placed_database(directory: Path) -> PlacedDatabase:
    """Return a database whose contexts lie in one that belongs to the same directory."""
    home = PostgresDatabase(database_address(directory))
    return EverywhereElse(home, Secret(database_address(directory / "elsewhere")))


class EverywhereElse(PlacedDatabase):
    """Places what it creates at one address."""

    def __init__(self, home: PostgresDatabase, elsewhere: Secret) -> None:
        super().__init__(home, open_placed)
        contexts = ElsewhereContexts(self._routing, self._events)
        contexts.elsewhere = elsewhere
        self._contexts = contexts
