"""A process that holds many idle clients: each a connection with a registered control stream.

`python -m bench.idle_clients PORT COUNT`. It says "ready" once a node has acknowledged every
client, and pings once a second over as many connections as each line on standard input says. It
ends with its standard input. A client here is a socket and a few bytes, so that ten thousand fit.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

from bench.load_connection import (
    ACK,
    DATA,
    END_HEADERS,
    GOAWAY,
    HEAD,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    message,
    request_block,
)
from ranvier.proto import control_pb2

OPEN_STREAM = "/io.axoniq.axonserver.grpc.control.PlatformService/OpenStream"
OPENING_AT_ONCE = 200
"""Connections that wait for their acknowledgement at a time: the node's backlog is finite."""
PING_PAYLOAD = b"are here"


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    """Return one frame."""
    return HEAD.pack(len(payload) << 8 | kind, flags, stream_id) + payload


def opening(number: int) -> bytes:
    """Return all that a client sends: the preface, its registration, and a question for an ack."""
    register = control_pb2.ClientIdentification(
        client_id=f"{number}@machine-{number % 97}", component_name="bank", version="4.6.2"
    )
    instructions = (
        control_pb2.PlatformInboundInstruction(register=register),
        control_pb2.PlatformInboundInstruction(
            heartbeat=control_pb2.Heartbeat(), instruction_id="1"
        ),
    )
    body = b"".join(message(each.SerializeToString()) for each in instructions)
    return (
        PREFACE
        + frame(SETTINGS, 0, 0, b"")
        + frame(SETTINGS, ACK, 0, b"")
        + frame(HEADERS, END_HEADERS, 1, request_block(OPEN_STREAM, (b"user-agent", b"idle/1")))
        + frame(DATA, 0, 1, body)
    )


class IdleClient(asyncio.Protocol):
    """Answers pings and counts what else comes."""

    def __init__(self, number: int, registered: asyncio.Future[None]) -> None:
        self._number = number
        self._registered = registered
        self._rest = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce the client."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(opening(self._number))

    def data_received(self, data: bytes) -> None:
        """Look for pings and for the acknowledgement."""
        data = self._rest + data
        position = 0
        while len(data) - position >= HEAD.size:
            length_and_kind, flags, _ = HEAD.unpack_from(data, position)
            end = position + HEAD.size + (length_and_kind >> 8)
            if end > len(data):
                break
            self._take(length_and_kind & 0xFF, flags, data[position + HEAD.size : end])
            position = end
        self._rest = data[position:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up: an idle client is not to be sent away."""
        if not self._registered.done():
            self._registered.set_exception(ConnectionError(f"the node closed a connection: {exc}"))

    def ping(self) -> None:
        """Ask the node for a sign of life."""
        if self.transport is not None:
            self.transport.write(frame(PING, 0, 0, PING_PAYLOAD))

    def _take(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == PING and not flags & ACK and self.transport is not None:
            self.transport.write(frame(PING, ACK, 0, payload))
        elif kind == DATA and not self._registered.done():
            self._registered.set_result(None)
        elif kind in (RST_STREAM, GOAWAY):
            raise SystemExit(f"the node ended a stream or connection: {payload!r}")


async def connect(port: int, number: int, places: asyncio.Semaphore) -> IdleClient:
    """Open one connection and return when the node has acknowledged its client."""
    loop = asyncio.get_running_loop()
    registered: asyncio.Future[None] = loop.create_future()
    client = IdleClient(number, registered)
    async with places:
        await loop.create_connection(lambda: client, "127.0.0.1", port)
        await registered
    return client


async def ping_for_ever(clients: list[IdleClient]) -> None:
    """Ping over each connection once a second, spread evenly over the second."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        for client in clients:
            due += 1 / len(clients)
            if due > loop.time() + 0.005:
                await asyncio.sleep(due - loop.time())
            client.ping()


async def hold(port: int, first: int, count: int) -> None:
    """Hold the clients until standard input ends."""
    places = asyncio.Semaphore(OPENING_AT_ONCE)
    clients = await asyncio.gather(
        *(connect(port, first + number, places) for number in range(count))
    )
    print("ready", flush=True)
    pinging: asyncio.Task[None] | None = None
    while line := await asyncio.to_thread(sys.stdin.readline):
        pinging = asyncio.create_task(ping_for_ever(clients[: int(line)]))
        print("pinging", flush=True)
    if pinging is not None:
        pinging.cancel()


if __name__ == "__main__":
    uvloop.run(hold(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
