"""Synchronous grpcio, in threads of its own, as a client of our server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.support.wire_echo import SERVICE, path, serving

T = TypeVar("T")


async def with_channel(port: int, work: Callable[[grpc.Channel], T]) -> T:
    """Run blocking calls in a thread."""

    def run() -> T:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            return work(channel)

    return await asyncio.to_thread(run)


async def test_all_four_kinds() -> None:
    def messages() -> Iterator[bytes]:
        for size in range(100):
            yield b"x" * size

    def work(channel: grpc.Channel) -> None:
        assert channel.unary_unary(path("Unary"))(b"hello", timeout=30) == b"hello"
        assert list(channel.unary_stream(path("Repeat"))(b"50,abc")) == [b"abc"] * 50
        assert channel.stream_unary(path("Count"))(messages()) == b"100 messages, 4950 bytes"
        assert list(channel.stream_stream(path("Chat"))(messages())) == list(messages())
        assert list(channel.stream_stream(path("ChatCallback"))(messages())) == list(messages())

    async with serving() as (_, _, port):
        await with_channel(port, work)


async def test_many_threads_on_one_connection() -> None:
    def work(channel: grpc.Channel) -> list[bytes]:
        call = channel.unary_unary(path("UnaryCallback"))
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda number: call(b"%d" % number, timeout=30), range(500)))

    async with serving() as (_, _, port):
        assert await with_channel(port, work) == [b"%d" % number for number in range(500)]


async def test_a_deadline() -> None:
    def work(channel: grpc.Channel) -> grpc.StatusCode:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(path("Wait"))(b"", timeout=1)
        code: grpc.StatusCode = caught.value.code()
        return code

    async with serving() as (echo, _, port):
        assert await with_channel(port, work) is grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(echo.cancelled.wait(), 30)


async def test_health_is_checked_and_watched() -> None:
    serving_, not_serving = (
        health_pb2.HealthCheckResponse.SERVING,
        health_pb2.HealthCheckResponse.NOT_SERVING,
    )

    async with serving() as (_, server, port):
        loop = asyncio.get_running_loop()

        def set_health(is_serving: bool) -> None:
            server.health.set(SERVICE, serving=is_serving)

        def work(channel: grpc.Channel) -> list[int]:
            stub = health_pb2_grpc.HealthStub(channel)
            assert stub.Check(health_pb2.HealthCheckRequest()).status == serving_
            with pytest.raises(grpc.RpcError) as caught:
                stub.Check(health_pb2.HealthCheckRequest(service=SERVICE))
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND
            watching = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
            seen = [next(watching).status]
            for is_serving in (True, True, False):
                loop.call_soon_threadsafe(set_health, is_serving)
            seen += [next(watching).status, next(watching).status]
            assert stub.Check(health_pb2.HealthCheckRequest(service=SERVICE)).status == not_serving
            watching.cancel()
            return seen

        unknown = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        assert await with_channel(port, work) == [unknown, serving_, not_serving]


async def test_a_message_that_is_no_protobuf_is_an_invalid_argument() -> None:
    def work(channel: grpc.Channel) -> None:
        for method in ("Check", "Watch"):
            call = channel.unary_stream(f"/grpc.health.v1.Health/{method}")
            with pytest.raises(grpc.RpcError) as caught:
                list(call(b"\xff\xff\xff"))
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    async with serving() as (_, _, port):
        await with_channel(port, work)


async def test_reflection_names_the_services_and_their_files() -> None:
    def work(channel: grpc.Channel) -> None:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert list(database.get_services()) == [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            SERVICE,
        ]
        file = database.FindFileContainingSymbol("grpc.health.v1.Health")
        assert [service.name for service in file.service] == ["Health"]
        assert database.FindFileByName(file.name).package == "grpc.health.v1"
        with pytest.raises(KeyError):
            database.FindFileContainingSymbol("no.such.Thing")
        assert list(database.FindAllExtensionNumbers("grpc.health.v1.HealthCheckRequest")) == []

    async with serving() as (_, _, port):
        await with_channel(port, work)


async def test_both_versions_of_reflection_answer_alike() -> None:
    list_services = b"\x3a\x00"

    def work(channel: grpc.Channel) -> list[bytes]:
        return [
            next(
                channel.stream_stream(
                    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
                )(iter([list_services]))
            )
            for version in ("v1", "v1alpha")
        ]

    async with serving() as (_, _, port):
        v1, v1alpha = await with_channel(port, work)
    assert v1 == v1alpha
    assert SERVICE.encode() in v1
