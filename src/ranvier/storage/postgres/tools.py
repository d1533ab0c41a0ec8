"""What all parts of the database on PostgreSQL work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

from ranvier.storage.postgres.confirmed_heads import ConfirmedHeads
from ranvier.storage.postgres.connections import Connections, refuse_unconfirmed
from ranvier.storage.postgres.known_contexts import KnownContexts
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.postgres.under_way import UnderWay
from ranvier.storage.seen_heads import SeenHeads


@dataclass(frozen=True, slots=True)
class DatabaseTools:
    """Connections, what is known, and the measures."""

    writers: Connections
    readers: Connections
    known: KnownContexts
    seen_heads: SeenHeads
    options: PostgresOptions
    under_way: UnderWay
    confirmed: ConfirmedHeads

    async def write(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        """Run one statement that changes something to its end, and return its rows.

        It goes on should the caller be cancelled. Raises `StorageUnavailable` where the commit was
        not confirmed: ask again, or look whether it was made.
        """
        return await self.under_way.finish(self._write(statement, parameters))

    async def _write(self, statement: str, parameters: tuple[Any, ...]) -> list[asyncpg.Record]:
        async with self.writers.lend() as lent:
            rows = await lent.rows(statement, *parameters)
            refuse_unconfirmed(lent)
        return rows
