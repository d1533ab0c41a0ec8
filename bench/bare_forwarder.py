"""A command router with nothing but the way: no limits, windows, errors, time-outs or choice.

`python -m bench.bare_forwarder`, prints its port: the least that commands cost on this machine in
Python on uvloop. It parses each command and each response once by protobuf and writes once for
each read, as the node does. It serves bench/command_load.py and no other client.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final, cast

import uvloop

from bench.command_load import SERVICE
from bench.load_connection import (
    ACK,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEAD,
    HEADERS,
    MESSAGE,
    PREFACE,
    SETTINGS,
    UINT32,
    WINDOW_BYTES,
    WINDOW_UPDATE,
    literal,
    message,
    request_block,
)
from ranvier.proto import command_pb2

RESPONSE_HEAD: Final = b"\x88" + literal(b"content-type", b"application/grpc")
TRAILERS: Final = literal(b"grpc-status", b"0")
DISPATCH: Final = request_block(f"{SERVICE}/Dispatch")
SUBSCRIBE_TAG: Final = command_pb2.CommandProviderOutbound.SUBSCRIBE_FIELD_NUMBER << 3 | 2
RESPONSE_TAG: Final = command_pb2.CommandProviderOutbound.COMMAND_RESPONSE_FIELD_NUMBER << 3 | 2
"""What stands before a subscription or a response in CommandProviderOutbound."""
WINDOW: Final = HEAD.pack(4 << 8 | WINDOW_UPDATE, 0, 0) + UINT32.pack(WINDOW_BYTES)
GREETING: Final = (
    HEAD.pack(6 << 8 | SETTINGS, 0, 0) + b"\x00\x04" + UINT32.pack(WINDOW_BYTES) + WINDOW
)
ACKNOWLEDGED: Final = message(b"\x0a\x00")

command_from_bytes = command_pb2.Command.FromString
response_from_bytes = command_pb2.CommandResponse.FromString


class Router:
    """The one handler's stream, and who waits for which answer."""

    def __init__(self) -> None:
        self.handler: tuple[BareConnection, int] | None = None
        self.waiting: dict[str, tuple[BareConnection, int]] = {}
        self.touched: set[BareConnection] = set()


class BareConnection(asyncio.Protocol):
    """Reads frames as CommandLoad sends them, and forwards."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._rest = b""
        self._is_new = True
        self.output: list[bytes] = [GREETING]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self.flush()

    def flush(self) -> None:
        """Write what has gathered."""
        self._transport.write(b"".join(self.output))
        self.output.clear()

    def data_received(self, data: bytes) -> None:
        """Handle whole frames, keep the rest, write what they caused."""
        buffer = self._rest + data
        at = len(PREFACE) if self._is_new else 0
        self._is_new = False
        while len(buffer) - at >= HEAD.size:
            length_and_type, flags, stream_id = HEAD.unpack_from(buffer, at)
            end = at + HEAD.size + (length_and_type >> 8)
            if end > len(buffer):
                break
            self._frame(length_and_type & 0xFF, flags, stream_id, buffer[at + HEAD.size : end])
            at = end
        self._rest = buffer[at:]
        for connection in self._router.touched:
            connection.flush()
        self._router.touched.clear()

    def _frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        if kind == DATA and flags & END_STREAM:
            self._dispatch(stream_id, payload[MESSAGE.size :])
        elif kind == DATA:
            self._from_handler(stream_id, payload)
        elif kind == HEADERS and payload != DISPATCH:
            self._router.handler = self, stream_id
            self.output.append(HEAD.pack(len(RESPONSE_HEAD) << 8 | HEADERS, END_HEADERS, stream_id))
            self.output.append(RESPONSE_HEAD)
            self._router.touched.add(self)
        elif kind == SETTINGS and not flags & ACK:
            self.output.append(HEAD.pack(SETTINGS, ACK, 0))
            self._router.touched.add(self)

    def _dispatch(self, stream_id: int, command: bytes) -> None:
        router = self._router
        router.waiting[command_from_bytes(command).message_identifier] = self, stream_id
        assert router.handler is not None, "a command came before its handler"
        connection, handler_stream = router.handler
        size = len(command)
        envelope = b"\x12" + bytes((size & 127 | 128, size >> 7))
        connection.output += (
            HEAD.pack(size + 8 << 8 | DATA, 0, handler_stream),
            MESSAGE.pack(0, size + 3),
            envelope,
            command,
        )
        router.touched.add(connection)

    def _from_handler(self, stream_id: int, framed: bytes) -> None:
        # One message for each frame: what the load generator and the clients for Java send.
        if framed[MESSAGE.size] == SUBSCRIBE_TAG:
            self.output += (HEAD.pack(len(ACKNOWLEDGED) << 8 | DATA, 0, stream_id), ACKNOWLEDGED)
            self._router.touched.add(self)
        elif framed[MESSAGE.size] == RESPONSE_TAG:
            # Behind the tag and a length of two bytes: what is sent here is long enough for them.
            self._answer(framed[MESSAGE.size + 3 :])

    def _answer(self, response: bytes) -> None:
        request_id = response_from_bytes(response).request_identifier
        caller, caller_stream = self._router.waiting.pop(request_id)
        caller.output += (
            HEAD.pack(len(RESPONSE_HEAD) << 8 | HEADERS, END_HEADERS, caller_stream),
            RESPONSE_HEAD,
            HEAD.pack(len(response) + 5 << 8 | DATA, 0, caller_stream),
            MESSAGE.pack(0, len(response)),
            response,
            HEAD.pack(len(TRAILERS) << 8 | HEADERS, END_HEADERS | END_STREAM, caller_stream),
            TRAILERS,
        )
        self._router.touched.add(caller)


async def serve() -> None:
    """Serve until terminated."""
    router = Router()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BareConnection(router), "127.0.0.1", 0)
    gc.freeze()
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())
