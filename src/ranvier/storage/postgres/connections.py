"""A bounded set of connections: lent one at a time, thrown away when anything was amiss."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import asyncpg
from asyncpg import Connection

from ranvier.storage.errors import StorageError, StorageNotOpen, StorageUnavailable
from ranvier.storage.postgres.attempts import Attempts
from ranvier.storage.postgres.failures import FAILURES, in_our_words, is_outage, storage_error_of
from ranvier.storage.postgres.hosts import first_connected, naming_host, single_hosts
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.postgres.primary import KnownPrimary
from ranvier.storage.postgres.suitability import refuse_server
from ranvier.storage.statements import load_statements

SCHEMA: Final = "ranvier"
"""All tables stand in a schema of their own, so that a database may be shared with others."""

SETTINGS: Final = {
    "search_path": SCHEMA,
    # What a role or a database may have set otherwise, and what every promise stands on.
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    # Plans are kept, and may have been made when a table was still small.
    "enable_seqscan": "off",
    "jit": "off",
    # The server lets go of a node that is gone, also while a statement waits.
    "tcp_user_timeout": "10000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "client_connection_check_interval": "5000",
}

GOODBYE_SECONDS: Final = 1.0

_IDENTIFY = load_statements(__package__ or "", "servers")["identify"]

LATE: Final = "it did not answer in time"

NOT_WAITED_FOR: Final = "01000"
"""The class of the warning that a commit was not waited for by its standby."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How many connections of one kind there may be, and what the server is to know of them."""

    count: int
    transaction_seconds: float
    """How long a transaction may last where the server can end it by itself; 0: for ever."""
    of_server: Mapping[str, str]
    loan_seconds: float = 0.0
    """How long a connection may be lent before it is closed; 0: for ever."""


@dataclass(slots=True, eq=False)
class Lent:
    """A connection while somebody uses it."""

    connection: Connection
    warnings: list[str] = field(default_factory=list)
    """What the server has warned of since the connection was lent."""
    is_late: bool = False
    """Whether it was closed because the answer did not come in time."""

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
        primary: KnownPrimary,
        settings: ConnectionSettings,
    ) -> None:
        self._addresses = single_hosts(dsn)
        self._options = options
        self._primary = primary
        self._settings = settings
        self._free = asyncio.Semaphore(settings.count)
        self._idle: deque[Connection] = deque()
        self._attempts = Attempts(options.connect_pause_seconds)
        self._timelines: dict[Connection, int] = {}
        self._waiting = 0
        # Who was lent a connection first stands first.
        self._lent_at: dict[Connection, float] = {}
        self.is_open = False
        self.works = False
        """Whether the server did its work when it was last asked."""
        primary.watch(self._close_older)

    def open(self) -> None:
        """Allow lending."""
        self.is_open = True

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Lent]:
        """Lend a connection for the block.

        What PostgreSQL raises in it comes out in our words; unless the server has answered, the
        connection is closed then: what it may still be about to do is not known. Raises
        `StorageNotOpen` and `StorageUnavailable`.
        """
        await self._wait_for_turn()
        try:
            connection = await self._take()
            lent = Lent(connection)
            watch = self._watch(lent)
            self._lent_at[connection] = time.monotonic()
            deadline = self._deadline(lent)
            try:
                yield lent
            except BaseException as error:
                self._failed(connection, watch, error)
                translated = StorageUnavailable(LATE) if lent.is_late else in_our_words(error)
                if translated is error:
                    raise
                raise translated from error
            finally:
                if deadline is not None:
                    deadline.cancel()
                del self._lent_at[connection]
            self._give_back(connection, watch)
        finally:
            self._free.release()

    def oldest_loan_seconds(self) -> float:
        """How long the connection has been lent that was lent first; 0 if none is lent."""
        first = next(iter(self._lent_at.values()), None)
        return 0.0 if first is None else time.monotonic() - first

    async def ask(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        """Run one statement on any connection; raises what `lend` raises."""
        async with self.lend() as lent:
            return await lent.rows(statement, *parameters)

    async def close(self) -> None:
        """Close all; who still uses one finds it lost."""
        self.is_open = self.works = False
        idle = [*self._idle]
        self._idle.clear()
        used = self._timelines.keys() - set(idle)
        self._timelines.clear()
        for connection in used:
            connection.terminate()
        await asyncio.gather(*map(_say_goodbye, idle))

    async def _wait_for_turn(self) -> None:
        if not self.is_open:
            raise StorageNotOpen
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting >= self._options.waiting_for_connection:
            raise StorageUnavailable("too many questions wait for a connection")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._options.turn_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise StorageUnavailable("all connections to it are busy") from None
        finally:
            self._waiting -= 1

    def _deadline(self, lent: Lent) -> asyncio.TimerHandle | None:
        """Close the socket when the answer is late: a commit is never cancelled."""
        if not self._settings.loan_seconds:
            return None

        def close() -> None:
            lent.is_late = True
            self._throw_away(lent.connection)

        return asyncio.get_running_loop().call_later(self._settings.loan_seconds, close)

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._throw_away(connection)
        self._attempts.refuse_now()
        try:
            with self._attempts.attempt():
                return await self._connect()
        except StorageError:
            self.works = False
            raise
        except FAILURES as error:
            self.works = False
            raise storage_error_of(error) from error

    async def _connect(self) -> Connection:
        connects = [partial(self._connect_to, address) for address in self._addresses]
        async with asyncio.timeout(self._options.connect_seconds):
            return await first_connected(connects, self._options.host_seconds)

    async def _connect_to(self, address: str) -> Connection:
        with naming_host(address):
            connection: Connection = await asyncpg.connect(
                address,
                server_settings={**SETTINGS, **self._settings.of_server},
                target_session_attrs="primary",
            )
        try:
            self._watch_the_network(connection)
            await self._identify(connection)
        except BaseException:
            connection.terminate()
            raise
        # Where the primary was found it is looked for first.
        self._addresses.remove(address)
        self._addresses.insert(0, address)
        return connection

    async def _identify(self, connection: Connection) -> None:
        milliseconds = int(self._settings.transaction_seconds * 1000)
        row = await connection.fetchrow(_IDENTIFY, f"{milliseconds}")
        refuse_server(row, takes_unsafe=self._options.takes_unsafe)
        self._primary.meet(row["system_identifier"], row["timeline"])
        self._timelines[connection] = row["timeline"]

    def _watch_the_network(self, connection: Connection) -> None:
        """Let a connection count as lost when nothing comes back from the other side's host."""
        transport = getattr(connection, "_transport", None)
        plain = transport.get_extra_info("socket") if transport is not None else None
        if plain is not None and plain.family in (socket.AF_INET, socket.AF_INET6):
            seconds = int(self._options.unsent_seconds)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(seconds // 2, 1))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(seconds // 5, 1))

    def _close_older(self) -> None:
        """Close what leads to a former primary; whoever uses one of them finds it lost."""
        for connection, timeline in [*self._timelines.items()]:
            if timeline < self._primary.timeline:
                self.works = False
                self._throw_away(connection)

    def _watch(self, lent: Lent) -> Any:
        def note(_: Any, message: Any) -> None:
            lent.warnings.append(f"{message.sqlstate} {message.message}")

        lent.connection.add_log_listener(note)
        return note

    def _failed(self, connection: Connection, watch: Any, error: BaseException) -> None:
        if is_outage(error):
            self.works = False
        if isinstance(error, asyncpg.PostgresError) and not is_outage(error):
            self._give_back(connection, watch)
        else:  # what it may still be about to do is not known
            self._throw_away(connection)

    def _give_back(self, connection: Connection, watch: Any) -> None:
        if connection.is_closed() or connection.is_in_transaction() or not self.is_open:
            self._throw_away(connection)
            return
        self.works = True
        connection.remove_log_listener(watch)
        self._idle.append(connection)

    def _throw_away(self, connection: Connection) -> None:
        self._timelines.pop(connection, None)
        connection.terminate()


async def _say_goodbye(connection: Connection) -> None:
    try:
        await connection.close(timeout=GOODBYE_SECONDS)
    except FAILURES:
        connection.terminate()
