"""A gRPC server with one method of each kind, for tests with any client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.methods import (
    server_streaming,
    streaming,
    streaming_async,
    unary,
    unary_callback,
)
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.tls import TlsFiles

SERVICE = "test.Echo"
GRIEVANCE = "größer als 100 %: 制限 🦉\nsecond line"


def path(method: str) -> str:
    return f"/{SERVICE}/{method}"


class Echo:
    """The methods, and what they saw."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.release = asyncio.Event()
        self.open_calls = 0
        self.most_open_calls = 0
        self.blocks_written = 0
        self.gathered: list[tuple[ServerCall, bytes]] = []

    def add_to(self, server: GrpcServer) -> None:
        server.add_service(
            SERVICE,
            {
                "Unary": unary(self.unary),
                "UnaryCallback": unary_callback(self.unary_callback),
                "Repeat": server_streaming(self.repeat),
                "Count": streaming_async(self.count),
                "Chat": streaming_async(self.chat),
                "ChatCallback": streaming(ChatListener),
                "Fail": unary(self.fail),
                "Break": unary(self.broken),
                "Metadata": unary(self.metadata),
                "Wait": unary(self.wait),
                "Flood": server_streaming(self.flood),
                "Gather": unary_callback(self.gather),
                "Strict": unary_callback(
                    self.unary_callback,
                    oversized=lambda call, size: GrpcError(
                        StatusCode.INVALID_ARGUMENT, f"{size} bytes are too many"
                    ),
                ),
                "Lenient": streaming(ChatListener, oversized=tell_size),
            },
        )

    async def unary(self, call: ServerCall, message: bytes) -> bytes:
        return message

    def unary_callback(self, call: ServerCall, message: bytes) -> None:
        call.reply(message)

    async def repeat(self, call: ServerCall, message: bytes) -> None:
        """`b"3,text"` is answered by three times `text`."""
        count, _, text = message.partition(b",")
        for _ in range(int(count)):
            await call.write(text)

    async def count(self, call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        seen = [len(message) async for message in messages]
        call.send(b"%d messages, %d bytes" % (len(seen), sum(seen)))

    async def chat(self, call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        async for message in messages:
            await call.write(message)

    async def fail(self, call: ServerCall, message: bytes) -> bytes:
        raise GrpcError(
            StatusCode.OUT_OF_RANGE, GRIEVANCE, ((b"axoniq-errorcode", b"AXONIQ-2000"),)
        )

    async def broken(self, call: ServerCall, message: bytes) -> bytes:
        raise ZeroDivisionError("a secret of the handler")

    async def metadata(self, call: ServerCall, message: bytes) -> bytes:
        text, raw = call.metadata.get("x-text"), call.metadata.get_bytes("x-raw-bin")
        call.start(((b"x-head", (text or "none").encode()),))
        call.trailers = ((b"x-tail", b"%d" % len(raw or b"")),)
        return call.peer.encode()

    async def wait(self, call: ServerCall, message: bytes) -> bytes:
        self.open_calls += 1
        self.most_open_calls = max(self.most_open_calls, self.open_calls)
        self.started.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            self.open_calls -= 1
        return message

    async def flood(self, call: ServerCall, message: bytes) -> None:
        """Write blocks of 16 KiB until cancelled."""
        self.started.set()
        try:
            while True:
                await call.write(b"x" * 16_384)
                self.blocks_written += 1
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    def gather(self, call: ServerCall, message: bytes) -> None:
        """Answer no call before a thousand of them are open."""
        self.gathered.append((call, message))
        if len(self.gathered) == 1_000:
            for waiting, text in self.gathered:
                waiting.reply(text)
            self.gathered.clear()


class ChatListener:
    """Echoes by callbacks, and stops reading while its caller does not read."""

    def __init__(self, call: ServerCall) -> None:
        self._call = call

    def message_received(self, message: bytes) -> None:
        self._call.send(message)
        if self._call.queued_bytes > 65_536:
            self._call.pause_reading()

    def half_closed(self) -> None:
        self._call.finish()

    def writable(self) -> None:
        self._call.resume_reading()

    def cancelled(self) -> None:
        pass


def tell_size(call: ServerCall, size: int) -> None:
    """Answer an oversized message inside its stream, and let the stream go on."""
    call.send(b"dropped %d" % size)


@contextlib.asynccontextmanager
async def serving(
    limits: GrpcLimits | None = None,
    tls: TlsFiles | None = None,
    admit: Callable[[ServerCall], None] | None = None,
) -> AsyncIterator[tuple[Echo, GrpcServer, int]]:
    """Serve in this event loop; yields the methods, the server and its port."""
    echo, server = Echo(), GrpcServer(limits, admit=admit)
    echo.add_to(server)
    port = await server.listen("127.0.0.1", 0, tls)
    try:
        yield echo, server, port
    finally:
        echo.release.set()
        await server.stop(0)
