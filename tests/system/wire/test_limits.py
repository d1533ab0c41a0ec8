"""Every kind of limit on connections and calls, at a small value."""

from __future__ import annotations

import asyncio

import pytest

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.limits import Limits
from tests.support.raw_http2 import DATA, GOAWAY, PING, PREFACE, RST_STREAM, grpc_message, raw_peer
from tests.support.wire_echo import path, serving

CANCEL = (8).to_bytes(4, "big")
OPAQUE = b"12345678"


def connection(**limits: float | None) -> GrpcLimits:
    return GrpcLimits(connection=ConnectionLimits(**limits))  # type: ignore[arg-type]  # floats and ints by name


@pytest.mark.parametrize("limit", ["connections", "connections_per_address"])
async def test_connections(limit: str) -> None:
    async with serving(connection(**{limit: 2})) as (_, server, port):
        first = await Channel.connect("127.0.0.1", port)
        second = await Channel.connect("127.0.0.1", port)
        with pytest.raises(GrpcError) as caught:
            await Channel.connect("127.0.0.1", port)
        assert caught.value.status is StatusCode.UNAVAILABLE
        assert await first.unary(path("Unary"), b"x") == b"x"
        await second.close()
        while server.connection_count > 1:
            assert await first.unary(path("Unary"), b"x") == b"x"
        third = await Channel.connect("127.0.0.1", port)
        assert await third.unary(path("Unary"), b"x") == b"x"
        await first.close()
        await third.close()


@pytest.mark.parametrize("beginning", [b"", PREFACE[:10], PREFACE])
async def test_the_time_of_the_greeting(beginning: bytes) -> None:
    async with (
        serving(connection(handshake_seconds=0.05)) as (_, _, port),
        raw_peer(port, greets=False) as peer,
    ):
        peer.writer.write(beginning)
        await asyncio.wait_for(peer.read_to_end(), 30)


async def test_a_peer_that_answers_no_ping_is_given_up() -> None:
    limits = connection(keep_alive_seconds=0.3, keep_alive_timeout_seconds=0.1)
    async with serving(limits) as (echo, _, port), raw_peer(port) as peer:
        peer.answers_pings = False
        peer.call(1, path("Wait"), b"")
        await asyncio.wait_for(peer.read_to_end(), 30)
        await asyncio.wait_for(echo.cancelled.wait(), 30)


async def test_an_idle_connection_is_closed_kindly() -> None:
    async with serving(connection(idle_seconds=0.5)) as (_, _, port), raw_peer(port) as peer:
        peer.call(1, path("Unary"), b"x")
        await peer.answer(1)
        farewells = [frame for frame in await peer.read_to_end() if frame.kind == GOAWAY]
        assert [frame.number for frame in farewells] == [ErrorCode.NO_ERROR] * 2


async def test_a_connection_with_a_call_is_not_idle() -> None:
    async with serving(connection(idle_seconds=0.5)) as (echo, _, port), raw_peer(port) as peer:
        peer.call(1, path("Wait"), b"x")
        await echo.started.wait()
        async with raw_peer(port) as idle:
            await idle.read_to_end()
        echo.release.set()
        assert (await peer.answer(1))[1]["grpc-status"] == "0"


async def test_an_old_connection_takes_no_new_calls_and_ends_the_open_ones() -> None:
    async with serving(connection(age_seconds=0.5)) as (echo, _, port), raw_peer(port) as peer:
        peer.call(1, path("Wait"), b"x")
        await peer.read_until(GOAWAY)
        echo.release.set()
        assert (await peer.read_until(DATA, 1)).payload == grpc_message(b"x")
        await peer.read_to_end()


async def test_an_old_connection_is_cut_after_its_grace() -> None:
    limits = connection(age_seconds=0.5, age_grace_seconds=0.05)
    async with serving(limits) as (echo, _, port), raw_peer(port) as peer:
        peer.call(1, path("Wait"), b"x")
        await asyncio.wait_for(peer.read_to_end(), 30)
        await asyncio.wait_for(echo.cancelled.wait(), 30)


async def test_streams_of_a_connection() -> None:
    limits = GrpcLimits(http2=Limits(concurrent_streams=2))
    async with serving(limits) as (echo, _, port), raw_peer(port) as peer:
        for stream_id in (1, 3, 5):
            peer.call(stream_id, path("Wait"), b"x")
        assert (await peer.read_until(RST_STREAM, 5)).number == ErrorCode.REFUSED_STREAM
        echo.release.set()
        assert (await peer.answer(1))[1]["grpc-status"] == "0"
        assert (await peer.answer(3))[1]["grpc-status"] == "0"


async def test_metadata() -> None:
    limits = GrpcLimits(http2=Limits(header_list_bytes=1_000))
    async with serving(limits) as (_, _, port), raw_peer(port) as peer:
        peer.open(1, path("Unary"), end_stream=True, x_long="x" * 1_000)
        assert (await peer.read_until(RST_STREAM, 1)).number == ErrorCode.ENHANCE_YOUR_CALM
        peer.call(3, path("Unary"), b"x")
        assert (await peer.answer(3))[1]["grpc-status"] == "0"


async def test_resets() -> None:
    limits = GrpcLimits(http2=Limits(reset_burst=3, resets_per_second=1))
    async with serving(limits) as (_, _, port), raw_peer(port) as peer:
        for number in range(10):
            peer.call(1 + 2 * number, path("Wait"), b"x")
            peer.send(RST_STREAM, 0, 1 + 2 * number, CANCEL)
        assert (await peer.read_until(GOAWAY)).number == ErrorCode.ENHANCE_YOUR_CALM
        await peer.read_to_end()


async def test_pings() -> None:
    limits = GrpcLimits(http2=Limits(ping_interval_seconds=100, ping_strikes=2))
    async with serving(limits) as (_, _, port), raw_peer(port) as peer:
        for _ in range(10):
            peer.send(PING, 0, 0, OPAQUE)
        assert (await peer.read_until(GOAWAY)).number == ErrorCode.ENHANCE_YOUR_CALM


async def test_message_bytes() -> None:
    async with serving(GrpcLimits(message_bytes_in=100)) as (_, _, port), raw_peer(port) as peer:
        peer.call(1, path("Unary"), bytes(100))
        assert (await peer.answer(1))[1]["grpc-status"] == "0"
        peer.call(3, path("Unary"), bytes(101))
        assert (await peer.answer(3))[1]["grpc-status"] == str(int(StatusCode.RESOURCE_EXHAUSTED))


async def test_long_messages_under_way_at_a_time() -> None:
    limits = GrpcLimits(assembly_bytes_per_connection=1_000, assembly_waiting_per_connection=1)
    async with serving(limits) as (_, _, port), raw_peer(port) as peer:
        whole = grpc_message(bytes(900))
        for stream_id in (1, 3, 5):
            peer.open(stream_id, path("Unary"))
            peer.send(DATA, 0, stream_id, whole[:500])
        # The first has the room, the second waits for it, the third is one too many.
        assert (await peer.answer(5))[1]["grpc-status"] == str(int(StatusCode.RESOURCE_EXHAUSTED))
        for stream_id in (3, 1):
            peer.send(DATA, 1, stream_id, whole[500:])
            assert (await peer.answer(stream_id))[0] == whole


async def test_what_a_connection_may_hold() -> None:
    limits = GrpcLimits(http2=Limits(buffered_bytes_per_connection=200_000))
    async with serving(limits) as (_, _, port), raw_peer(port) as peer:
        for number in range(20):
            peer.call(1 + 2 * number, path("Unary"), bytes(15_000))
        # The peer's window takes four answers; of the others some find no place.
        while (frame := await peer.read()) is not None and frame.kind != RST_STREAM:
            pass
        assert frame is not None
        assert frame.number == ErrorCode.ENHANCE_YOUR_CALM
