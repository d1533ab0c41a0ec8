"""A server that stops: nothing new, what runs may end, then it is over."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.raw_http2 import GOAWAY, raw_peer
from tests.support.wire_echo import path, serving

LONG_SECONDS = 60.0


async def test_a_call_in_flight_ends_as_if_nothing_were() -> None:
    async with serving() as (echo, server, port):
        channel = await Channel.connect("127.0.0.1", port)
        waiting = asyncio.create_task(channel.unary(path("Wait"), b"patience"))
        await echo.started.wait()
        stopping = asyncio.create_task(server.stop(LONG_SECONDS))
        await asyncio.wait_for(channel.wait_leaving(), 30)
        assert not channel.takes_calls
        with pytest.raises(GrpcError) as caught:
            await channel.unary(path("Unary"), b"")
        assert caught.value.status is StatusCode.UNAVAILABLE
        with pytest.raises(GrpcError) as caught:
            await Channel.connect("127.0.0.1", port)
        assert caught.value.status is StatusCode.UNAVAILABLE
        assert not stopping.done()
        echo.release.set()
        assert await waiting == b"patience"
        await asyncio.wait_for(stopping, 30)
        await asyncio.wait_for(channel.wait_closed(), 30)


async def test_grpcio_ends_its_call_too() -> None:
    async with (
        serving() as (echo, server, port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        waiting = channel.unary_stream(path("Wait"))(b"patience")
        reading = asyncio.ensure_future(waiting.read())
        await echo.started.wait()
        stopping = asyncio.create_task(server.stop(LONG_SECONDS))
        await asyncio.sleep(0)
        echo.release.set()
        assert await reading == b"patience"
        await asyncio.wait_for(stopping, 30)


async def test_after_the_grace_calls_are_cut_and_told_why() -> None:
    async with serving() as (echo, server, port):
        channel = await Channel.connect("127.0.0.1", port)
        waiting = asyncio.create_task(channel.unary(path("Wait"), b""))
        await echo.started.wait()
        await asyncio.wait_for(server.stop(0.05), 30)
        with pytest.raises(GrpcError) as caught:
            await waiting
        assert caught.value.status is StatusCode.UNAVAILABLE
        assert "stopping" in caught.value.message
        assert echo.cancelled.is_set()


async def test_without_calls_it_is_over_at_once() -> None:
    async with serving() as (_, server, port):
        channel = await Channel.connect("127.0.0.1", port)
        await asyncio.wait_for(server.stop(LONG_SECONDS), 30)
        await asyncio.wait_for(channel.wait_closed(), 30)


async def test_a_peer_that_never_greeted_does_not_hold_it_up() -> None:
    async with serving() as (_, server, port), raw_peer(port, greets=False) as peer:
        channel = await Channel.connect("127.0.0.1", port)
        while server.connection_count < 2:
            await channel.unary(path("Unary"), b"x")
        await asyncio.wait_for(server.stop(LONG_SECONDS), 30)
        await peer.read_to_end()


async def test_a_peer_that_answers_nothing_is_cut_after_the_grace() -> None:
    async with serving() as (_, server, port), raw_peer(port) as peer:
        peer.answers_pings = False
        peer.call(1, path("Unary"), b"x")
        await peer.answer(1)
        stopping = asyncio.create_task(server.stop(0.05))
        frames = await peer.read_to_end()
        assert [frame.kind for frame in frames] == [GOAWAY, GOAWAY]
        peer.writer.close()
        await asyncio.wait_for(stopping, 30)


async def test_health_says_so_and_its_watchers_are_let_go() -> None:
    async with serving() as (_, server, port):
        channel = await Channel.connect("127.0.0.1", port)
        watching = channel.stream("/grpc.health.v1.Health/Watch")
        await watching.write(b"")
        watching.half_close()
        assert await watching.read() == b"\x08\x01"
        await asyncio.wait_for(server.stop(LONG_SECONDS), 30)
        assert await watching.read() == b"\x08\x02"
        with pytest.raises(GrpcError) as caught:
            await watching.read()
        assert caught.value.status is StatusCode.UNAVAILABLE
