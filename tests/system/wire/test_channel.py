"""Our client: against grpcio.aio as the server, and against our own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.limits import Limits
from tests.support.wire_echo import GRIEVANCE, path, serving

MIB = 1024 * 1024


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Foreign:
    """The methods of a grpcio.aio server."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()
        self.started = asyncio.Event()

    async def unary(self, message: bytes, context: grpc.aio.ServicerContext) -> bytes:
        return message

    async def repeat(
        self, message: bytes, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[bytes]:
        count, _, text = message.partition(b",")
        for _ in range(int(count)):
            yield text

    async def count(
        self, messages: AsyncIterator[bytes], context: grpc.aio.ServicerContext
    ) -> bytes:
        return b"%d" % len([message async for message in messages])

    async def chat(
        self, messages: AsyncIterator[bytes], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[bytes]:
        async for message in messages:
            yield message

    async def fail(self, message: bytes, context: grpc.aio.ServicerContext) -> bytes:
        context.set_trailing_metadata((("axoniq-errorcode", "AXONIQ-2000"),))
        await context.abort(grpc.StatusCode.OUT_OF_RANGE, GRIEVANCE)
        return b""

    async def metadata(self, message: bytes, context: grpc.aio.ServicerContext) -> bytes:
        sent = dict(context.invocation_metadata())
        await context.send_initial_metadata((("x-head", sent["x-text"]),))
        context.set_trailing_metadata((("x-raw-bin", sent["x-raw-bin"]),))
        return b"done"

    async def wait(self, message: bytes, context: grpc.aio.ServicerContext) -> bytes:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return b""


@contextlib.asynccontextmanager
async def foreign_server() -> AsyncIterator[tuple[Foreign, int, grpc.aio.Server]]:
    methods = Foreign()
    server = grpc.aio.server(options=(("grpc.max_receive_message_length", -1),))
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(methods.unary),
        "Repeat": grpc.unary_stream_rpc_method_handler(methods.repeat),
        "Count": grpc.stream_unary_rpc_method_handler(methods.count),
        "Chat": grpc.stream_stream_rpc_method_handler(methods.chat),
        "Fail": grpc.unary_unary_rpc_method_handler(methods.fail),
        "Metadata": grpc.unary_unary_rpc_method_handler(methods.metadata),
        "Wait": grpc.unary_unary_rpc_method_handler(methods.wait),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield methods, port, server
    finally:
        await server.stop(0)


@contextlib.asynccontextmanager
async def connected(port: int, limits: GrpcLimits | None = None) -> AsyncIterator[Channel]:
    channel = await Channel.connect("127.0.0.1", port, limits=limits)
    try:
        yield channel
    finally:
        await channel.close()


@contextlib.asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[int]:
    """Serve connections by a coroutine, each to its end; yields the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks)


async def test_all_four_kinds_against_grpcio() -> None:
    async with foreign_server() as (_, port, _), connected(port) as channel:
        assert await channel.unary(path("Unary"), b"hello") == b"hello"

        repeated = channel.stream(path("Repeat"))
        await repeated.write(b"300,abc")
        repeated.half_close()
        assert [message async for message in repeated] == [b"abc"] * 300

        counted = channel.stream(path("Count"))
        for _ in range(300):
            await counted.write(b"x" * 1_000)
        counted.half_close()
        assert [message async for message in counted] == [b"300"]

        chat = channel.stream(path("Chat"))
        for number in range(100):
            await chat.write(b"%d" % number)
            assert await chat.read() == b"%d" % number
        chat.half_close()
        assert await chat.read() is None


async def test_errors_with_text_and_trailers_against_grpcio() -> None:
    async with foreign_server() as (_, port, _), connected(port) as channel:
        with pytest.raises(GrpcError) as caught:
            await channel.unary(path("Fail"), b"")
        assert (caught.value.status, caught.value.message) == (StatusCode.OUT_OF_RANGE, GRIEVANCE)
        assert (b"axoniq-errorcode", b"AXONIQ-2000") in caught.value.trailers
        with pytest.raises(GrpcError) as caught:
            await channel.unary("/no.Such/Method", b"")
        assert caught.value.status is StatusCode.UNIMPLEMENTED


async def test_metadata_against_grpcio() -> None:
    async with foreign_server() as (_, port, _), connected(port) as channel:
        call = channel.stream(
            path("Metadata"), metadata={"x-text": "some text", "x-raw-bin": bytes(range(256))}
        )
        await call.write(b"")
        call.half_close()
        assert (await call.wait_for_metadata()).get("x-head") == "some text"
        assert [message async for message in call] == [b"done"]
        assert call.trailers.get_bytes("x-raw-bin") == bytes(range(256))


async def test_messages_of_4_mib_against_grpcio() -> None:
    async with foreign_server() as (_, port, _), connected(port) as channel:
        message = bytes(4 * MIB)
        assert await channel.unary(path("Unary"), message) == message


async def test_a_deadline_and_a_cancelled_task_reach_grpcio() -> None:
    async with foreign_server() as (methods, port, _), connected(port) as channel:
        with pytest.raises(GrpcError) as caught:
            await channel.unary(path("Wait"), b"", timeout_seconds=0.5)
        assert caught.value.status is StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(methods.cancelled.wait(), 30)
        methods.cancelled.clear()
        methods.started.clear()
        task = asyncio.create_task(channel.unary(path("Wait"), b""))
        await methods.started.wait()
        task.cancel()
        await asyncio.wait_for(methods.cancelled.wait(), 30)


async def test_a_server_that_stops_is_noticed() -> None:
    async with foreign_server() as (methods, port, server), connected(port) as channel:
        waiting = asyncio.create_task(channel.unary(path("Wait"), b""))
        await methods.started.wait()
        await server.stop(0)
        with pytest.raises(GrpcError) as caught:
            await waiting
        assert caught.value.status in (StatusCode.UNAVAILABLE, StatusCode.CANCELLED)
        await asyncio.wait_for(channel.wait_closed(), 30)
        assert not channel.takes_calls
        with pytest.raises(GrpcError) as caught:
            await channel.unary(path("Unary"), b"")
        assert caught.value.status is StatusCode.UNAVAILABLE


async def test_nobody_there_is_unavailable() -> None:
    async with serving() as (_, _, port):
        pass
    with pytest.raises(GrpcError) as caught:
        await Channel.connect("127.0.0.1", port)
    assert caught.value.status is StatusCode.UNAVAILABLE


async def test_a_server_that_never_greets_is_unavailable() -> None:
    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()

    limits = GrpcLimits(connection=ConnectionLimits(handshake_seconds=0.1))
    async with raw_server(be_silent) as port:
        with pytest.raises(GrpcError) as caught:
            await Channel.connect("127.0.0.1", port, limits=limits)
        assert caught.value.status is StatusCode.UNAVAILABLE


async def test_a_server_that_is_no_http2_is_unavailable() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        await writer.drain()

    async with raw_server(answer) as port:
        with pytest.raises(GrpcError) as caught:
            await Channel.connect("127.0.0.1", port)
        assert caught.value.status is StatusCode.UNAVAILABLE


async def test_a_full_stream_both_ways_does_not_lock_up() -> None:
    async with serving() as (_, _, port), connected(port) as channel:
        call = channel.stream(path("Chat"))

        async def write_all() -> None:
            for number in range(300):
                await call.write(b"%05d" % number * 4_000)
            call.half_close()

        writing = asyncio.create_task(write_all())
        seen = [message[:5] async for message in call]
        await writing
        assert seen == [b"%05d" % number for number in range(300)]


async def test_more_streams_than_the_server_takes_are_unavailable() -> None:
    limits = GrpcLimits(http2=Limits(concurrent_streams=2))
    async with serving(limits) as (echo, _, port), connected(port) as channel:
        waiting = [asyncio.create_task(channel.unary(path("Wait"), b"%d" % n)) for n in range(2)]
        await echo.started.wait()
        with pytest.raises(GrpcError) as caught:
            await channel.unary(path("Unary"), b"")
        assert caught.value.status is StatusCode.UNAVAILABLE
        echo.release.set()
        assert await asyncio.gather(*waiting) == [b"0", b"1"]
        assert await channel.unary(path("Unary"), b"again") == b"again"


async def test_a_unary_call_needs_exactly_one_answer() -> None:
    async with serving() as (_, _, port), connected(port) as channel:
        for count in (0, 2):
            with pytest.raises(GrpcError) as caught:
                await channel.unary(path("Repeat"), b"%d,x" % count)
            assert caught.value.status is StatusCode.UNIMPLEMENTED


async def test_a_unary_method_needs_exactly_one_request() -> None:
    async with serving() as (_, _, port), connected(port) as channel:
        for method in ("Unary", "UnaryCallback", "Repeat"):
            for count in (0, 2):
                call = channel.stream(path(method))
                for _ in range(count):
                    call.outgoing.send(b"1,x")
                call.half_close()
                with pytest.raises(GrpcError) as caught:
                    await call.read()
                assert caught.value.status is StatusCode.UNIMPLEMENTED


async def test_the_client_pings_a_silent_server_and_gives_it_up() -> None:
    greeting = b"\0\0\0\4\0\0\0\0\0"
    pinged = asyncio.Event()

    async def greet_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        seen = b""
        while data := await reader.read(4096):
            seen += data
            if b"\0\0\x08\6\0\0\0\0\0" in seen:
                pinged.set()

    limits = GrpcLimits(
        connection=ConnectionLimits(keep_alive_seconds=0.05, keep_alive_timeout_seconds=0.5)
    )
    async with raw_server(greet_only) as port, connected(port, limits) as channel:
        with pytest.raises(GrpcError) as caught:
            await channel.unary(path("Unary"), b"")
        assert caught.value.status is StatusCode.UNAVAILABLE
        await asyncio.wait_for(pinged.wait(), 30)


async def test_keep_alive_leaves_a_server_alone_that_answers() -> None:
    limits = GrpcLimits(
        connection=ConnectionLimits(keep_alive_seconds=0.02, keep_alive_timeout_seconds=1),
        http2=Limits(ping_interval_seconds=0.01),
    )
    async with serving(limits) as (echo, server, port), connected(port, limits) as channel:
        waiting = asyncio.create_task(channel.unary(path("Wait"), b"x"))
        await echo.started.wait()
        with pytest.raises(GrpcError):
            # Many pings go both ways until this deadline has passed.
            await channel.unary(path("Wait"), b"", timeout_seconds=2.5)
        assert server.connection_count == 1
        echo.release.set()
        assert await waiting == b"x"
