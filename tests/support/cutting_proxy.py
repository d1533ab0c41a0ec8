"""A TCP proxy that cuts, holds up and delays connections, all of them or those of one process.

It runs in a thread of its own. To hold a connection is to lose its packets: both ends keep it, and
what they send arrives when it is released, as TCP sends again what was lost.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from struct import Struct
from typing import Any, TypeVar

import psutil

T = TypeVar("T")

READ_BYTES = 1 << 16
RESET_AT_CLOSE = Struct("ii").pack(1, 0)
"""Linger for no time: closing sends a reset."""
TO_SERVER, TO_CLIENT = "to the server", "to the client"
BOTH_WAYS = frozenset({TO_SERVER, TO_CLIENT})


class Treatment(Enum):
    """What becomes of connections."""

    PASS = "pass"
    CUT = "cut"
    HOLD = "hold"


@dataclass
class Rules:
    """How the connections of one process, or of those without rules of their own, are treated."""

    treatment: Treatment = Treatment.PASS
    ways: frozenset[str] = BOTH_WAYS
    """Which directions are held."""
    delay_seconds: float = 0.0


@dataclass(eq=False)
class Connection:
    """Two sockets and the process that dialled."""

    dialler: int | None
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self) -> None:
        """Reset both sides."""
        for writer in self.writers:
            if not writer.transport.is_closing():
                plug: socket.socket = writer.get_extra_info("socket")
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            writer.transport.abort()


class ProxyLoop:
    """The thread that proxies run in."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        """End the thread, and with it whatever its proxies still carry."""
        self.do(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class CuttingProxy:
    """Passes connections on from one address to another until it is told otherwise."""

    def __init__(
        self,
        loop: ProxyLoop,
        target: tuple[str, int],
        *,
        listen: tuple[str, int] = ("127.0.0.1", 0),
        diallers: Callable[[], list[int]] = list,
    ) -> None:
        """`diallers` are the processes whose connections can be treated apart."""
        self._loop = loop
        self._target = target
        self._diallers = diallers
        self._rules: dict[int | None, Rules] = {None: Rules()}
        self._connections: set[Connection] = set()
        self._server = loop.do(asyncio.start_server(self._serve, *listen))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def connection_count(self) -> int:
        """How many connections it carries."""
        return len(self._connections)

    def cut(self, dialler: int | None = None) -> None:
        """Reset the connections of a process, or all of them, and refuse new ones."""
        self._treat(dialler, Rules(Treatment.CUT))

    def cut_once(self) -> None:
        """Reset all connections; new ones are welcome."""
        self._loop.do(self._cut_once())

    def hold(self, dialler: int | None = None, ways: frozenset[str] = BOTH_WAYS) -> None:
        """Lose what is sent, both ways or one: nobody is told, new connections hang."""
        self._treat(dialler, Rules(Treatment.HOLD, ways))

    def delay(self, seconds: float, dialler: int | None = None) -> None:
        """Let everything arrive later."""
        self._treat(dialler, Rules(delay_seconds=seconds))

    def heal(self) -> None:
        """Pass everything on again."""
        self._loop.do(self._heal())

    def close(self) -> None:
        """Listen no more and reset what is open."""
        self._loop.do(self._close())

    def _treat(self, dialler: int | None, rules: Rules) -> None:
        self._loop.do(self._set(dialler, rules))

    async def _set(self, dialler: int | None, rules: Rules) -> None:
        self._rules[dialler] = rules
        for connection in list(self._connections):
            if connection.dialler is None:  # it may have dialled before it was known to be there
                connection.dialler = self._dialler_of(connection.writers[0])
            if self._rules_of(connection).treatment is Treatment.CUT:
                connection.cut()
            connection.changed.set()

    async def _heal(self) -> None:
        self._rules = {None: Rules()}
        for connection in self._connections:
            connection.changed.set()

    async def _cut_once(self) -> None:
        for connection in list(self._connections):
            connection.cut()

    async def _close(self) -> None:
        self._server.close()
        await self._cut_once()

    def _rules_of(self, connection: Connection) -> Rules:
        return self._rules.get(connection.dialler) or self._rules[None]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self._dialler_of(writer), [writer])
        self._connections.add(connection)
        try:
            await self._carry(connection, reader, writer)
        except OSError:
            pass
        finally:
            self._connections.discard(connection)
            connection.cut()

    async def _carry(
        self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._rules_of(connection).treatment is Treatment.CUT:
            return
        await self._until_passed(connection, TO_SERVER)
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        connection.writers.append(far_writer)
        await asyncio.gather(
            self._pump(connection, TO_SERVER, reader, far_writer),
            self._pump(connection, TO_CLIENT, far_reader, writer),
        )

    async def _pump(
        self,
        connection: Connection,
        way: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        arrivals = loop.create_task(self._arrive(connection, way, on_the_way, writer))
        try:
            while data := await reader.read(READ_BYTES):
                due = loop.time() + self._rules_of(connection).delay_seconds
                await on_the_way.put((due, data))
            await on_the_way.put((0.0, b""))
            await arrivals
        finally:
            arrivals.cancel()

    async def _arrive(
        self,
        connection: Connection,
        way: str,
        on_the_way: asyncio.Queue[tuple[float, bytes]],
        writer: asyncio.StreamWriter,
    ) -> None:
        while True:
            due, data = await on_the_way.get()
            await _until_time(due)
            await self._until_passed(connection, way)
            with suppress(OSError):
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

    async def _until_passed(self, connection: Connection, way: str) -> None:
        while True:
            rules = self._rules_of(connection)
            if rules.treatment is not Treatment.HOLD or way not in rules.ways:
                return
            connection.changed.clear()
            await connection.changed.wait()

    def _dialler_of(self, writer: asyncio.StreamWriter) -> int | None:
        port = writer.get_extra_info("peername")[1]
        for pid in self._diallers():
            with suppress(psutil.Error):
                for each in psutil.Process(pid).net_connections("tcp"):
                    if each.laddr.port == port:
                        return pid
        return None


async def _until_time(due: float) -> None:
    loop = asyncio.get_running_loop()
    if due > loop.time():
        is_due = asyncio.Event()
        loop.call_at(due, is_due.set)
        await is_due.wait()
