"""What all parts of the database on PostgreSQL work with."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.storage.postgres.connections import Connections
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
