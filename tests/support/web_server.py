"""A node's HTTP listener on a free port, and a connection to it byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ranvier.web.http_limits import HttpLimits
from ranvier.web.http_server import HttpAddress, HttpServer
from ranvier.wire.tls import TlsFiles
from tests.support.web_node import WebNode


@dataclass(frozen=True)
class RawAnswer:
    """An HTTP/1.1 response as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a problem."""
        problem: dict[str, Any] = json.loads(self.body)
        assert self.headers["content-type"] == "application/problem+json"
        return str(problem["code"])


class RawConnection:
    """Sends bytes as they are, and reads responses that have a length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read a status line and headers."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        return int(first.split()[1]), headers

    async def answer(self) -> RawAnswer:
        """Read one whole response."""
        status, headers = await self.head()
        body = await self.reader.readexactly(int(headers["content-length"]))
        return RawAnswer(status, headers, body)

    async def rest(self) -> bytes:
        """Read until the server closes."""
        try:
            return await self.reader.read()
        except ConnectionResetError:
            return b""


@asynccontextmanager
async def listening(
    node: WebNode, limits: HttpLimits | None = None, tls: TlsFiles | None = None
) -> AsyncIterator[HttpServer]:
    """Yield a started server; it is stopped at the end."""
    address = HttpAddress("127.0.0.1", 0, tls)
    server = HttpServer(node.application(), address, node.streams, limits)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(grace_seconds=0)


@asynccontextmanager
async def connected(server: HttpServer) -> AsyncIterator[RawConnection]:
    """Yield an open connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield RawConnection(reader, writer)
    finally:
        writer.close()
