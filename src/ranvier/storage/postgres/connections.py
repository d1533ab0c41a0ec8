"""A bounded set of connections: lent one at a time, thrown away when anything was amiss."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from asyncpg import Connection

from ranvier.storage.errors import StorageNotOpen, StorageUnavailable
from ranvier.storage.postgres.failures import FAILURES, in_our_words, storage_error_of
from ranvier.storage.postgres.options import PostgresOptions

SCHEMA: Final = "ranvier"
"""All tables stand in a schema of their own, so that a database may be shared with others."""

NOT_WAITED_FOR: Final = "01000"
"""The class of the warning that a commit was not waited for by its standby."""


@dataclass(slots=True, eq=False)
class Lent:
    """A connection while somebody uses it."""

    connection: Connection
    warnings: list[str] = field(default_factory=list)
    """What the server has warned of since the connection was lent."""

    async def rows(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        """Run one statement, a transaction of its own, and return its rows."""
        rows: list[asyncpg.Record] = await self.connection.fetch(statement, *parameters)
        return rows


def refuse_unconfirmed(lent: Lent) -> None:
    """Raise if a commit came back with the warning that its standby was not waited for."""
    for warning in lent.warnings:
        if warning.startswith(NOT_WAITED_FOR):
            raise StorageUnavailable(f"a commit was not confirmed by the standby ({warning})")


class Connections:
    """Connections with the same settings, opened when they are needed."""

    def __init__(
        self,
        dsn: str,
        options: PostgresOptions,
        count: int,
        settings: Mapping[str, str],
    ) -> None:
        self._dsn = dsn
        self._options = options
        self._settings = {"search_path": SCHEMA, "jit": "off", **settings}
        self._count = count
        self._free = asyncio.Semaphore(count)
        self._idle: deque[Connection] = deque()
        self._used: set[Connection] = set()
        self._waiting = 0
        self.is_open = False
        self.works = False
        """Whether the last question was answered."""

    def open(self) -> None:
        """Allow lending."""
        self.is_open = True

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Lent]:
        """Lend a connection for the block.

        What PostgreSQL raises in it comes out in our words; the connection is closed then, since
        what it may still be about to do is not known. Raises `StorageNotOpen` and
        `StorageUnavailable`.
        """
        if not self.is_open:
            raise StorageNotOpen
        if self._waiting >= self._options.waiting_for_connection:
            raise StorageUnavailable("too many questions wait for a connection")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            connection = await self._take()
            lent = Lent(connection)
            watch = self._watch(lent)
            try:
                yield lent
            except BaseException as error:
                self._throw_away(connection)
                self.works = not isinstance(error, FAILURES)
                if isinstance(error, Exception):
                    raise in_our_words(error) from error
                raise
            connection.remove_log_listener(watch)
            self._give_back(connection)
        finally:
            self._free.release()

    async def ask(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        """Run one statement on any connection; raises what `lend` raises."""
        async with self.lend() as lent:
            return await lent.rows(statement, *parameters)

    async def close(self) -> None:
        """Close all; who still uses one finds it lost."""
        self.is_open = self.works = False
        for connection in [*self._idle, *self._used]:
            connection.terminate()
        self._idle.clear()

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                self._used.add(connection)
                return connection
        try:
            connection = await self._connect()
        except FAILURES as error:
            self.works = False
            raise storage_error_of(error) from error
        self._used.add(connection)
        return connection

    async def _connect(self) -> Connection:
        async with asyncio.timeout(self._options.connect_seconds):
            connection: Connection = await asyncpg.connect(
                self._dsn, server_settings=self._settings, target_session_attrs="primary"
            )
        self._watch_the_network(connection)
        return connection

    def _watch_the_network(self, connection: Connection) -> None:
        """Let a connection count as lost when what was sent on it is not acknowledged."""
        transport = getattr(connection, "_transport", None)
        plain = transport.get_extra_info("socket") if transport is not None else None
        if plain is not None and plain.family in (socket.AF_INET, socket.AF_INET6):
            milliseconds = int(self._options.unsent_seconds * 1000)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def _watch(self, lent: Lent) -> Any:
        def note(_: Any, message: Any) -> None:
            lent.warnings.append(f"{message.sqlstate} {message.message}")

        lent.connection.add_log_listener(note)
        return note

    def _give_back(self, connection: Connection) -> None:
        self.works = True
        self._used.discard(connection)
        if self.is_open:
            self._idle.append(connection)
        else:
            connection.terminate()

    def _throw_away(self, connection: Connection) -> None:
        self._used.discard(connection)
        connection.terminate()
