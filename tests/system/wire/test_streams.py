"""Many streams, slow readers, and streams that end in unusual ways."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from tests.support.raw_http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW,
    RST_STREAM,
    grpc_message,
    raw_peer,
)
from tests.support.wire_echo import path, serving

CANCEL = (8).to_bytes(4, "big")
NO_ERROR = 0
WINDOW = 65_535


async def test_ten_thousand_streams_on_one_connection_a_thousand_open_at_a_time() -> None:
    async with (
        serving() as (_, server, port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        call = channel.unary_unary(path("Gather"))
        for turn in range(10):
            messages = [b"%d/%d" % (turn, number) for number in range(1_000)]
            answers = await asyncio.gather(*(call(message) for message in messages))
            assert answers == messages
        assert server.connection_count == 1


async def test_a_reader_with_a_window_of_64_kib_stops_its_producer_and_nobody_else() -> None:
    async with serving() as (echo, _, port), raw_peer(port) as peer:
        peer.credit(0, 2**30)
        peer.call(1, path("Flood"), b"")
        received = 0
        while received < WINDOW:
            received += len((await peer.read_until(DATA, 1)).payload)
        written = None
        for number in range(300):
            peer.call(3 + 2 * number, path("Unary"), b"%d" % number)
            data, trailers = await peer.answer(3 + 2 * number)
            assert (data, trailers["grpc-status"]) == (grpc_message(b"%d" % number), "0")
            if number == 100:
                written = echo.blocks_written
        assert echo.blocks_written == written
        assert echo.blocks_written * 16_384 < WINDOW + 64 * 1024 + 2 * 16_384
        peer.credit(1, 3 * WINDOW)
        while received < 4 * WINDOW:
            received += len((await peer.read_until(DATA, 1)).payload)
        assert echo.blocks_written > 4 * WINDOW // 16_384 - 1
        assert received == 4 * WINDOW


async def test_a_reader_that_does_not_read_its_socket_is_bounded_too() -> None:
    async with serving() as (echo, server, port), raw_peer(port) as other:
        async with raw_peer(port, {INITIAL_WINDOW: 2**30}) as peer:
            peer.credit(0, 2**30)
            peer.call(1, path("Flood"), b"")
            await echo.started.wait()
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's TCP transport
            last, same, number = -1, 0, 0
            while same < 100:
                other.call(1 + 2 * number, path("Unary"), b"x")
                await other.answer(1 + 2 * number)
                same = same + 1 if echo.blocks_written == last else 0
                last, number = echo.blocks_written, number + 1
            [link] = [link for link in server.links() if link.http2.open_stream_count]
            assert link.http2.buffered_bytes < 1024 * 1024
            # What the two sockets hold is the system's affair: a few megabytes on the loopback.
            assert 512 * 1024 < last * 16_384 < 16 * 1024 * 1024
        await asyncio.wait_for(echo.cancelled.wait(), 30)


async def test_a_caller_may_half_close_long_before_the_answer() -> None:
    async with serving() as (echo, _, port), raw_peer(port) as peer:
        peer.call(1, path("Wait"), b"patience")
        await echo.started.wait()
        peer.call(3, path("Unary"), b"meanwhile")
        assert (await peer.answer(3))[0] == grpc_message(b"meanwhile")
        echo.release.set()
        assert (await peer.answer(1))[0] == grpc_message(b"patience")


@pytest.mark.parametrize("method", ["Chat", "ChatCallback", "Count", "Unary"])
async def test_the_half_close_may_come_by_itself_or_with_trailers(method: str) -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        for stream_id, frame in ((1, DATA), (3, HEADERS)):
            peer.open(stream_id, path(method))
            peer.send(DATA, 0, stream_id, grpc_message(b"text"))
            peer.send(frame, END_HEADERS * (frame == HEADERS) | END_STREAM, stream_id)
            data, trailers = await peer.answer(stream_id)
            assert trailers["grpc-status"] == "0"
            assert data


async def test_messages_cut_anywhere_are_put_together() -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        stream_id = 1
        whole = grpc_message(b"one") + grpc_message(b"") + grpc_message(b"three")
        for method in ("Chat", "ChatCallback"):
            peer.open(stream_id, path(method))
            for octet in whole:
                peer.send(DATA, 0, stream_id, bytes([octet]))
            peer.send(DATA, END_STREAM, stream_id)
            assert (await peer.answer(stream_id))[0] == whole
            stream_id += 2
        peer.open(stream_id, path("Unary"))
        for octet in grpc_message(b"unary"):
            peer.send(DATA, 0, stream_id, bytes([octet]))
        peer.send(DATA, END_STREAM, stream_id)
        assert (await peer.answer(stream_id))[0] == grpc_message(b"unary")


@pytest.mark.parametrize("method", ["Wait", "Flood"])
async def test_a_reset_stream_cancels_its_handler_and_is_forgotten(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as (echo, server, port), raw_peer(port) as peer:
        peer.call(1, path(method), b"")
        await echo.started.wait()
        peer.send(RST_STREAM, 0, 1, CANCEL)
        await asyncio.wait_for(echo.cancelled.wait(), 30)
        peer.call(3, path("Unary"), b"x")
        await peer.answer(3)
        [link] = server.links()
        assert (link.http2.open_stream_count, link.http2.buffered_bytes) == (0, 0)
    assert not caplog.records, "a caller who gives up is no fault of the handler"


async def test_a_reset_in_the_middle_of_a_message_leaves_nothing() -> None:
    async with serving() as (_, server, port), raw_peer(port) as peer:
        for stream_id, method in ((1, "Unary"), (3, "Chat"), (5, "ChatCallback")):
            peer.open(stream_id, path(method))
            peer.send(DATA, 0, stream_id, grpc_message(b"x" * 9_000)[:8_000])
            peer.send(RST_STREAM, 0, stream_id, CANCEL)
        peer.call(7, path("Unary"), b"x")
        await peer.answer(7)
        [link] = server.links()
        assert (link.http2.open_stream_count, link.http2.buffered_bytes) == (0, 0)


async def test_a_lost_connection_cancels_everything_on_it() -> None:
    async with serving() as (echo, server, port):
        async with raw_peer(port) as peer:
            peer.call(1, path("Wait"), b"")
            await echo.started.wait()
        await asyncio.wait_for(echo.cancelled.wait(), 30)
        assert server.connection_count == 0


async def test_who_sends_on_after_the_answer_is_told_to_stop() -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        peer.open(1, "/no.Such/Method")
        assert (await peer.answer(1))[1]["grpc-status"] == "12"
        peer.send(DATA, 0, 1, bytes(1_000))
        assert (await peer.read_until(RST_STREAM, 1)).number == NO_ERROR
        peer.send(DATA, 0, 1, bytes(1_000))
        peer.call(3, path("Unary"), b"x")
        assert (await peer.answer(3))[1]["grpc-status"] == "0"


async def test_the_rest_of_a_refused_request_needs_no_reset() -> None:
    async with serving() as (_, server, port), raw_peer(port) as peer:
        peer.call(1, "/no.Such/Method", b"x")
        assert (await peer.answer(1))[1]["grpc-status"] == "12"
        peer.call(3, path("Unary"), b"x")
        assert (await peer.answer(3))[1]["grpc-status"] == "0"
        [link] = server.links()
        assert (link.http2.open_stream_count, link.http2.buffered_bytes) == (0, 0)


@pytest.mark.parametrize("method", ["Unary", "UnaryCallback", "Chat", "ChatCallback"])
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x02\0\0\0\0", "13"),
        (b"\x01\0\0\0\0", "13"),
        (b"\0\0\0\0\x09short", "13"),
        (b"\0\0\0", "13"),
        (b"\0\xff\xff\xff\xff", "8"),
    ],
)
async def test_broken_framing_ends_its_call_alone(method: str, data: bytes, status: str) -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        peer.open(1, path(method))
        peer.send(DATA, END_STREAM, 1, data)
        assert (await peer.answer(1))[1]["grpc-status"] == status
        peer.call(3, path("Unary"), b"x")
        assert (await peer.answer(3))[1]["grpc-status"] == "0"


async def test_a_broken_compressed_message_is_an_internal_error() -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        peer.open(1, path("Unary"), grpc_encoding="gzip")
        peer.send(DATA, END_STREAM, 1, b"\x01\0\0\0\x05wrong")
        assert (await peer.answer(1))[1]["grpc-status"] == "13"


async def test_what_is_no_call_is_answered_in_http() -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        peer.open(1, path("Unary"), end_stream=True, __method="GET")
        assert (await peer.answer(1))[1][":status"] == "405"
        peer.open(3, path("Unary"), content_type="application/json")
        assert (await peer.answer(3))[1][":status"] == "415"
        peer.open(5, path("Unary"), grpc_timeout="soon")
        assert (await peer.answer(5))[1]["grpc-status"] == "13"
        peer.open(7, path("Unary"), grpc_encoding="snappy")
        answer = (await peer.answer(7))[1]
        assert (answer["grpc-status"], answer["grpc-accept-encoding"]) == (
            "12",
            "identity,deflate,gzip",
        )


async def test_a_deadline_is_kept_by_the_server_itself() -> None:
    async with serving() as (echo, _, port), raw_peer(port) as peer:
        peer.open(1, path("Wait"), grpc_timeout="50m")
        peer.send(DATA, END_STREAM, 1, grpc_message(b""))
        assert (await peer.answer(1))[1]["grpc-status"] == "4"
        assert echo.cancelled.is_set()
        peer.open(3, path("Wait"), grpc_timeout="0n")
        peer.send(DATA, END_STREAM, 3, grpc_message(b""))
        assert (await peer.answer(3))[1]["grpc-status"] == "4"
        peer.open(5, path("Unary"), grpc_timeout="99999999H")
        peer.send(DATA, END_STREAM, 5, grpc_message(b""))
        assert (await peer.answer(5))[1]["grpc-status"] == "0"


async def test_a_deadline_passes_also_while_the_reader_is_slow() -> None:
    async with serving() as (echo, server, port), raw_peer(port) as peer:
        peer.open(1, path("Flood"), grpc_timeout="100m")
        peer.send(DATA, END_STREAM, 1, grpc_message(b""))
        await peer.read_until(RST_STREAM, 1)
        await asyncio.wait_for(echo.cancelled.wait(), 30)
        [link] = server.links()
        assert link.http2.buffered_bytes == 0


async def test_http1_is_turned_away() -> None:
    async with serving() as (_, _, port), raw_peer(port, greets=False) as peer:
        peer.writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        frames = await peer.read_to_end()
        assert [frame.kind for frame in frames if frame.kind == GOAWAY] == [GOAWAY]
