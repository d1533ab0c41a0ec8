"""Our client against servers that answer in unusual or wrong ways."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Callable

import pytest
from hpack import Encoder

from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.errors import ErrorCode
from tests.support.raw_http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    frame_bytes,
    grpc_message,
)

OK = {":status": "200", "content-type": "application/grpc"}


def headers(fields: dict[str, str], *, end_stream: bool = False) -> bytes:
    flags = END_HEADERS | (END_STREAM if end_stream else 0)
    return frame_bytes(HEADERS, flags, 1, Encoder().encode(list(fields.items())))


def data(payload: bytes, *, end_stream: bool = False) -> bytes:
    return frame_bytes(DATA, END_STREAM if end_stream else 0, 1, payload)


def reset(code: int) -> bytes:
    return frame_bytes(RST_STREAM, 0, 1, code.to_bytes(4, "big"))


@contextlib.asynccontextmanager
async def answering(answer: bytes, limits: GrpcLimits | None = None) -> AsyncIterator[Channel]:
    """A channel to a server that gives this answer to whatever comes on the first stream."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame_bytes(SETTINGS, 0, 0))
        await reader.readexactly(len(PREFACE))
        with contextlib.suppress(asyncio.IncompleteReadError):
            while (head := await reader.readexactly(9))[3] != DATA:
                await reader.readexactly(int.from_bytes(head[:3], "big"))
            writer.write(answer)
            await reader.read()
        writer.close()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    channel = await Channel.connect("127.0.0.1", server.sockets[0].getsockname()[1], limits=limits)
    try:
        yield channel
    finally:
        await channel.close()
        await done.wait()
        server.close()


async def write_for_ever(call: ClientCall) -> None:
    while True:
        await call.write(bytes(60_000))


async def status_of(answer: bytes) -> tuple[StatusCode, str]:
    async with answering(answer) as channel:
        with pytest.raises(GrpcError) as caught:
            await asyncio.wait_for(channel.unary("/a/b", b""), 30)
        return caught.value.status, caught.value.message


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (headers({":status": "503"}, end_stream=True), StatusCode.UNAVAILABLE),
        (headers({":status": "404"}, end_stream=True), StatusCode.UNIMPLEMENTED),
        (headers({":status": "418"}), StatusCode.UNKNOWN),
        (headers({":status": "200", "content-type": "text/html"}), StatusCode.UNKNOWN),
        (headers(OK, end_stream=True), StatusCode.UNKNOWN),
        (headers(OK) + data(grpc_message(b"x"), end_stream=True), StatusCode.INTERNAL),
        (headers(OK | {"grpc-encoding": "snappy"}), StatusCode.INTERNAL),
        (headers(OK) + data(b"\x07\0\0\0\0"), StatusCode.INTERNAL),
        (headers(OK) + data(b"\0\xff\xff\xff\xff"), StatusCode.RESOURCE_EXHAUSTED),
        (reset(ErrorCode.REFUSED_STREAM), StatusCode.UNAVAILABLE),
        (reset(ErrorCode.CANCEL), StatusCode.CANCELLED),
        (reset(ErrorCode.ENHANCE_YOUR_CALM), StatusCode.RESOURCE_EXHAUSTED),
        (reset(ErrorCode.INTERNAL_ERROR), StatusCode.INTERNAL),
        (reset(0xABCDEF), StatusCode.INTERNAL),
        (frame_bytes(GOAWAY, 0, 0, bytes(8)), StatusCode.UNAVAILABLE),
        (data(b"", end_stream=True), StatusCode.INTERNAL),
    ],
)
async def test_a_wrong_answer_becomes_a_status(answer: bytes, status: StatusCode) -> None:
    assert (await status_of(answer))[0] is status


async def test_the_status_of_a_grpc_answer_counts_more_than_that_of_http() -> None:
    answer = headers({":status": "400", "grpc-status": "7", "grpc-message": "no"}, end_stream=True)
    assert await status_of(answer) == (StatusCode.PERMISSION_DENIED, "no")


async def test_an_error_counts_more_than_the_message_that_it_cut() -> None:
    cut = data(grpc_message(b"never finished")[:8])
    trailers = headers({"grpc-status": "5", "grpc-message": "gone"}, end_stream=True)
    assert await status_of(headers(OK) + cut + trailers) == (StatusCode.NOT_FOUND, "gone")


@pytest.mark.parametrize("pack", [gzip.compress])
async def test_a_compressed_answer_is_read(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"compressible " * 100)
    message = b"\x01" + len(packed).to_bytes(4, "big") + packed
    answer = headers(OK | {"grpc-encoding": "gzip"}) + data(message)
    async with answering(answer + headers({"grpc-status": "0"}, end_stream=True)) as channel:
        assert await channel.unary("/a/b", b"") == b"compressible " * 100


async def test_a_message_that_may_not_be_sent_fails_at_once() -> None:
    async with answering(b"", GrpcLimits(message_bytes_out=10)) as channel:
        with pytest.raises(GrpcError) as caught:
            await channel.unary("/a/b", bytes(11))
        assert caught.value.status is StatusCode.RESOURCE_EXHAUSTED
        call = channel.stream("/a/b")
        call.cancel()
        with pytest.raises(GrpcError) as caught:
            await call.write(b"x")
        assert caught.value.status is StatusCode.CANCELLED
        with pytest.raises(GrpcError):
            await call.wait_for_metadata()


async def test_an_end_before_all_was_sent_stops_the_sender() -> None:
    trailers = headers(OK | {"grpc-status": "5"}, end_stream=True)
    async with answering(trailers) as channel:
        call = channel.stream("/a/b")
        with pytest.raises(GrpcError) as caught:
            await asyncio.wait_for(write_for_ever(call), 30)
        assert caught.value.status is StatusCode.NOT_FOUND
