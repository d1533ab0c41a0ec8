"""grpcio.aio as a client of our server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.limits import Limits
from tests.support.wire_echo import GRIEVANCE, Echo, path, serving

MIB = 1024 * 1024
UNLIMITED = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


@pytest.fixture
async def peer() -> AsyncIterator[tuple[Echo, grpc.aio.Channel]]:
    async with (
        serving() as (echo, _, port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=UNLIMITED) as channel,
    ):
        yield echo, channel


Peer = tuple[Echo, grpc.aio.Channel]


@pytest.mark.parametrize("method", ["Unary", "UnaryCallback"])
async def test_unary(peer: Peer, method: str) -> None:
    call = peer[1].unary_unary(path(method))
    assert await call(b"hello") == b"hello"
    assert await call(b"") == b""


async def test_server_streaming(peer: Peer) -> None:
    call = peer[1].unary_stream(path("Repeat"))
    assert [message async for message in call(b"300,abc")] == [b"abc"] * 300
    assert [message async for message in call(b"0,abc")] == []


async def test_client_streaming(peer: Peer) -> None:
    async def messages() -> AsyncIterator[bytes]:
        for size in range(300):
            yield b"x" * size

    call = peer[1].stream_unary(path("Count"))
    assert await call(messages()) == b"300 messages, 44850 bytes"


@pytest.mark.parametrize("method", ["Chat", "ChatCallback"])
async def test_both_ways_at_once(peer: Peer, method: str) -> None:
    call = peer[1].stream_stream(path(method))()
    for number in range(100):
        await call.write(b"%d" % number)
        assert await call.read() == b"%d" % number
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("method", ["Chat", "ChatCallback"])
async def test_a_caller_that_writes_all_before_it_reads(peer: Peer, method: str) -> None:
    call = peer[1].stream_stream(path(method))()

    async def write_all() -> None:
        for number in range(300):
            await call.write(b"%05d" % number * 4_000)
        await call.done_writing()

    writing = asyncio.create_task(write_all())
    seen = [message[:5] async for message in call]
    await writing
    assert seen == [b"%05d" % number for number in range(300)]


async def test_an_error_has_status_text_and_trailers(peer: Peer) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer[1].unary_unary(path("Fail"))(b"")
    assert caught.value.code() is grpc.StatusCode.OUT_OF_RANGE
    assert caught.value.details() == GRIEVANCE
    assert ("axoniq-errorcode", "AXONIQ-2000") in tuple(caught.value.trailing_metadata())


async def test_a_broken_handler_tells_nothing(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer[1].unary_unary(path("Break"))(b"")
    assert caught.value.code() is grpc.StatusCode.UNKNOWN
    assert caught.value.details() == "internal error"
    assert "a secret of the handler" in caplog.text


async def test_metadata_travels_both_ways(peer: Peer) -> None:
    call = peer[1].unary_unary(path("Metadata"))(
        b"", metadata=(("x-text", "some text"), ("x-raw-bin", bytes(range(256))))
    )
    assert (await call).startswith(b"127.0.0.1:")
    assert ("x-head", "some text") in tuple(await call.initial_metadata())
    assert ("x-tail", "256") in tuple(await call.trailing_metadata())


async def test_a_deadline_ends_the_call_and_cancels_its_handler(peer: Peer) -> None:
    echo, channel = peer
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(path("Wait"))(b"", timeout=1)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(echo.cancelled.wait(), 30)


async def test_a_cancelled_call_cancels_its_handler(peer: Peer) -> None:
    echo, channel = peer
    call = channel.unary_unary(path("Wait"))(b"")
    await echo.started.wait()
    call.cancel()
    await asyncio.wait_for(echo.cancelled.wait(), 30)
    assert await channel.unary_unary(path("Unary"))(b"still here") == b"still here"


async def test_a_cancelled_stream_stops_its_producer(peer: Peer) -> None:
    echo, channel = peer
    call = channel.unary_stream(path("Flood"))(b"")
    assert len(await call.read()) == 16_384
    call.cancel()
    await asyncio.wait_for(echo.cancelled.wait(), 30)


async def test_an_unknown_method_is_unimplemented(peer: Peer) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer[1].unary_unary("/no.Such/Method")(b"x" * 100_000)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert caught.value.details() == "there is no method /no.Such/Method"


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_compressed_messages_are_accepted(compression: grpc.Compression) -> None:
    async with (
        serving() as (_, _, port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", compression=compression) as channel,
    ):
        message = b"compressible " * 10_000
        assert await channel.unary_unary(path("Unary"))(message) == message
        call = channel.stream_stream(path("Chat"))()
        for _ in range(20):
            await call.write(message)
            assert await call.read() == message


async def test_messages_of_4_mib_both_ways(peer: Peer) -> None:
    message = bytes(4 * MIB)
    assert await peer[1].unary_unary(path("Unary"))(message) == message
    call = peer[1].stream_stream(path("Chat"))()
    await call.write(message)
    assert await call.read() == message


async def test_ten_messages_of_4_mib_at_a_time_on_one_connection(peer: Peer) -> None:
    call = peer[1].unary_unary(path("UnaryCallback"))
    messages = [bytes([number]) * (4 * MIB) for number in range(10)]
    # Answers of 40 MiB at once would be more than the connection may hold: count, do not echo.
    count = peer[1].stream_unary(path("Count"))

    async def one(message: bytes) -> AsyncIterator[bytes]:
        yield message

    answers = await asyncio.gather(*(count(one(message)) for message in messages))
    assert answers == [b"1 messages, 4194304 bytes"] * 10
    assert await call(b"x") == b"x"


async def test_a_message_over_the_limit_ends_its_call_alone(peer: Peer) -> None:
    _, channel = peer
    other = channel.stream_stream(path("Chat"))()
    await other.write(b"before")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(path("Unary"))(bytes(4 * MIB + 1))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await other.write(b"behind")
    assert [await other.read(), await other.read()] == [b"before", b"behind"]


async def test_a_method_may_answer_oversized_messages_itself(peer: Peer) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer[1].unary_unary(path("Strict"))(bytes(4 * MIB + 1))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "4194305 bytes are too many"


async def test_a_stream_may_survive_an_oversized_message(peer: Peer) -> None:
    call = peer[1].stream_stream(path("Lenient"))()
    await call.write(b"before")
    await call.write(bytes(9 * MIB))
    await call.write(b"behind")
    assert [await call.read() for _ in range(3)] == [b"before", b"dropped 9437184", b"behind"]
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.OK


async def test_a_reply_over_the_limit_is_refused_here() -> None:
    limits = GrpcLimits(message_bytes_out=1000)
    async with (
        serving(limits) as (_, _, port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        for method in ("Unary", "UnaryCallback"):
            call = channel.unary_unary(path(method))
            assert len(await call(bytes(1000))) == 1000
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(bytes(1001))
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_call_may_be_refused_before_its_method_runs() -> None:
    def admit(call: ServerCall) -> None:
        if call.metadata.get("axoniq-access-token") != "secret":
            raise GrpcError(StatusCode.PERMISSION_DENIED, "the token is missing")

    async with (
        serving(admit=admit) as (_, _, port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        call = channel.unary_unary(path("Unary"))
        for _ in range(3):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"x" * 200_000)
            assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert await call(b"x", metadata=(("axoniq-access-token", "secret"),)) == b"x"


async def test_a_thousand_calls_at_a_time(peer: Peer) -> None:
    call = peer[1].unary_unary(path("Unary"))
    answers = await asyncio.gather(*(call(b"%d" % number) for number in range(1_000)))
    assert answers == [b"%d" % number for number in range(1_000)]


async def test_pings_are_allowed_as_often_as_the_limit_says_and_no_more() -> None:
    options = (
        ("grpc.keepalive_time_ms", 1_000),
        ("grpc.keepalive_timeout_ms", 2_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    )
    # That of the strict server tells when both clients have pinged three times.
    allowing = Limits(ping_strikes=1)
    forbidding = Limits(ping_strikes=1, ping_interval_seconds=1_000)
    async with (
        serving(GrpcLimits(http2=allowing)) as (echo, server, port),
        serving(GrpcLimits(http2=forbidding)) as (_, _, strict_port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel,
        grpc.aio.insecure_channel(f"127.0.0.1:{strict_port}", options=options) as strict_channel,
    ):
        waiting = asyncio.ensure_future(
            anext(aiter(channel.unary_stream(path("Wait"))(b"through it all")))
        )
        await echo.started.wait()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await strict_channel.unary_unary(path("Wait"))(b"")
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert server.connection_count == 1
        echo.release.set()
        assert await waiting == b"through it all"
