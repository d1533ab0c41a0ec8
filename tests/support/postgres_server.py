"""PostgreSQL servers for the tests, the same that `make demo` starts."""

from __future__ import annotations

from examples.postgres_server import PostgresServer

__all__ = ["PostgresServer"]
