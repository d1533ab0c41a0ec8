"""A listening socket: hands each connection to a new link, within the limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.link import Link
from ranvier.wire.tls import TlsFiles, server_context

BACKLOG = 1024
"""Connections that the system holds for us while we are busy."""


class Admission:
    """Counts the open connections of a listener, in all and by address."""

    __slots__ = ("_by_address", "_limits", "_total")

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._total = 0
        self._by_address: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count a connection from this address, or return False if there are enough."""
        per_address = self._limits.connections_per_address
        if self._total >= self._limits.connections:
            return False
        if per_address is not None and self._by_address[address] >= per_address:
            return False
        self._total += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection off."""
        self._total -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


class Listener:
    """One listening socket and the links that came by it."""

    def __init__(self, limits: ConnectionLimits, make_link: Callable[[Listener], Link]) -> None:
        self.links: set[Link] = set()
        self._admission = Admission(limits)
        self._limits = limits
        self._make_link = make_link
        self._server: asyncio.Server | None = None
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    async def open(self, host: str, port: int, tls: TlsFiles | None) -> int:
        """Listen, and return the port: the one asked for, or for 0 the one that was free."""
        loop = asyncio.get_running_loop()
        context = None if tls is None else server_context(tls)
        handshake_seconds = self._limits.handshake_seconds if context is not None else None
        self._server = await loop.create_server(
            lambda: self._make_link(self),
            host,
            port,
            ssl=context,
            ssl_handshake_timeout=handshake_seconds,
            backlog=BACKLOG,
        )
        bound = self._server.sockets[0].getsockname()[1]
        assert isinstance(bound, int)  # noqa: S101  # every inet socket has a number for a port
        return bound

    def close(self) -> None:
        """Accept nothing more; the links that stand are left alone."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def wait_until_empty(self) -> None:
        """Wait until the last link has ended."""
        await self._is_empty.wait()

    def enter(self, link: Link) -> bool:
        """Take a link in; False if there are enough, and it must go."""
        if self._server is None or not self._admission.enter(link.address):
            return False
        self.links.add(link)
        self._is_empty.clear()
        return True

    def leave(self, link: Link) -> None:
        """Count a link off that was taken in."""
        if link in self.links:
            self.links.remove(link)
            self._admission.leave(link.address)
            if not self.links:
                self._is_empty.set()
