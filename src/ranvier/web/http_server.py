"""The HTTP listener of a node: uvicorn in the node's own event loop, deaf to signals."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import Server

from ranvier.web.edge import Edge
from ranvier.web.errors import AddressUnavailable
from ranvier.web.forwarded_requests import ForwardedRequests
from ranvier.web.http_connection import ConnectionOwner, HttpConnection
from ranvier.web.http_limits import HttpLimits
from ranvier.web.open_streams import OpenStreams
from ranvier.wire.tls import TlsFiles, server_context

BACKLOG: Final = 1024
"""Connections that the system holds for us while we are busy."""

ALPN: Final = "http/1.1"


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """Where to listen; port 0 is any that is free."""

    host: str
    port: int
    tls: TlsFiles | None = None


class EndingQuietly:
    """Runs the application; a cancelled request ends without an error once the server cut it.

    uvicorn would log each of them as a defect.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.is_cut = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.is_cut:
                raise


class HttpServer:
    """Listens between `start` and `stop`; `port` is the bound one."""

    def __init__(
        self,
        app: ASGIApp,
        address: HttpAddress,
        streams: OpenStreams,
        limits: HttpLimits | None = None,
        edge: Edge | None = None,
    ) -> None:
        """`edge` says whose word about other clients is taken; without it, nobody's."""
        self._edge = edge or Edge()
        self.port = 0
        self._address = address
        self._streams = streams
        self._connection_gone = asyncio.Event()
        self._app = EndingQuietly(ForwardedRequests(app, self._edge))
        self._server = Server(self._config(self._app, limits or HttpLimits()))
        self._state = self._server.server_state
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; raise `AddressUnavailable` or `TlsUnusable` where that cannot be."""
        server = self._server
        server.config.load()
        server.config.ssl = http_context(self._address.tls)
        server.lifespan = server.config.lifespan_class(server.config)
        listening = bound_socket(self._address)
        self.port = listening.getsockname()[1]
        # Sets the header `date` before the first request can come.
        await server.on_tick(0)
        await server.startup(sockets=[listening])
        self._ticking = asyncio.create_task(tick_for_ever(server))

    async def stop(self, grace_seconds: float = 3.0) -> None:
        """Accept nothing more, end event streams, let running requests end, then cut the rest."""
        if self._ticking is None:
            return
        self._ticking.cancel()
        self._ticking = None
        for listener in self._server.servers:
            listener.close()
        self._streams.end_all()
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._until_finished(grace_seconds)
        await self._cut()
        for listener in self._server.servers:
            await listener.wait_closed()

    async def _until_finished(self, grace_seconds: float) -> None:
        try:
            async with asyncio.timeout(grace_seconds):
                while self._state.connections:
                    self._connection_gone.clear()
                    await self._connection_gone.wait()
                # A request goes on when its client has left.
                await asyncio.gather(*self._state.tasks, return_exceptions=True)
        except TimeoutError:
            return

    async def _cut(self) -> None:
        self._app.is_cut = True
        for connection in list(self._state.connections):
            connection.transport.abort()
        # A request whose connection is gone may still end by itself; only then it is cancelled.
        while self._state.connections:
            self._connection_gone.clear()
            await self._connection_gone.wait()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _config(self, app: ASGIApp, limits: HttpLimits) -> Config:
        owner = ConnectionOwner(limits, self._connection_gone.set, self._edge)
        return Config(
            app,
            # uvicorn calls what it is given here, class or not.
            http=partial(HttpConnection, owner),  # type: ignore[arg-type]  # see above
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            # What a stranger can cause at will is not logged.
            log_level="error",
            access_log=False,
            server_header=False,
            # Addresses and schemes that a peer claims are judged by ours: see `edge`.
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=limits.idle_seconds,
        )


def bound_socket(address: HttpAddress) -> socket.socket:
    """Return a socket that listens at this address."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as problem:
        # The error's own text repeats the address.
        number = problem.errno or 0
        reason = os.strerror(number) if number > 0 else str(problem)
        raise AddressUnavailable(address.host, address.port, reason) from problem


def http_context(files: TlsFiles | None) -> ssl.SSLContext | None:
    """Return the listener's TLS settings; raise `TlsUnusable` where the files do not fit."""
    if files is None:
        return None
    context = server_context(files)
    context.set_alpn_protocols([ALPN])
    return context


async def tick_for_ever(server: Server) -> None:
    """Keep the header `date` true to the second."""
    while True:
        await asyncio.sleep(1)
        await server.on_tick(0)
