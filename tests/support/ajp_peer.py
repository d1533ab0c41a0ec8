"""A web server's side of an AJP connection, packet by packet, and a node's listener for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bench.ajp_packets import Answer, Forwarded, body_part, forward_request
from ranvier.wire.ajp import codes
from ranvier.wire.ajp.asgi import Application
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.server import AjpServer

SECRET = "a secret of the test"
FOR_A_TEST_SECONDS = 30.0
"""Nothing takes so long; it only ends a test that would hang."""

NextPart = Callable[[int], bytes]
"""Given how many bytes are wanted, returns the packet to send."""


def knowing(request: Forwarded, secret: str = SECRET) -> Forwarded:
    """Return the request with the secret that the node wants."""
    return replace(request, coded={**request.coded, codes.SECRET: secret.encode()})


class AjpPeer:
    """Sends bytes as they are, and reads packets and answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.wanted: list[int] = []
        """How much body the node has asked for, each time."""

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def packet(self) -> bytes:
        """Read one packet, without its head."""
        async with asyncio.timeout(FOR_A_TEST_SECONDS):
            head = await self.reader.readexactly(4)
            assert head[:2] == b"AB"
            return await self.reader.readexactly(int.from_bytes(head[2:], "big"))

    async def answer(self, next_part: NextPart | None = None) -> Answer:
        """Read an answer to its end, and give the node the body that it asks for."""
        answer = Answer()
        while True:
            payload = await self.packet()
            if payload[0] == codes.SEND_HEADERS:
                answer.take_head(payload)
            elif payload[0] == codes.SEND_BODY_CHUNK:
                answer.take_part(payload)
            elif payload[0] == codes.GET_BODY_CHUNK:
                assert next_part is not None, "the node asked for a body that there is not"
                self.wanted.append(int.from_bytes(payload[1:], "big"))
                await self.send(next_part(self.wanted[-1]))
            else:
                assert payload[0] == codes.END_RESPONSE
                answer.is_reusable = payload[1] == 1
                return answer

    async def ask(
        self, request: Forwarded, next_part: NextPart | None = None, secret: str = SECRET
    ) -> Answer:
        """Send a request that knows a secret, and read the answer."""
        await self.send(forward_request(knowing(request, secret)))
        return await self.answer(next_part)

    async def rest(self) -> bytes:
        """Read until the node closes."""
        try:
            async with asyncio.timeout(FOR_A_TEST_SECONDS):
                return await self.reader.read()
        except ConnectionResetError:
            return b""


def parts_of(body: bytes, end: bytes) -> NextPart:
    """Return what gives a body part by part, as much as is asked for, and then its end mark."""
    position = 0

    def next_part(wanted: int) -> bytes:
        nonlocal position
        part = body[position : position + wanted]
        position += len(part)
        return body_part(part) if part else end

    return next_part


@asynccontextmanager
async def ajp_listening(
    application: Application, limits: AjpLimits | None = None
) -> AsyncIterator[tuple[AjpServer, int]]:
    """Yield a listener and its port; it is stopped at the end."""
    server = AjpServer(application, SECRET, limits)
    port = await server.listen("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.stop(grace_seconds=0)


@asynccontextmanager
async def ajp_connected(port: int) -> AsyncIterator[AjpPeer]:
    """Yield an open connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield AjpPeer(reader, writer)
    finally:
        writer.close()
