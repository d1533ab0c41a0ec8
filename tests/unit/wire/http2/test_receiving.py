"""DATA comes in within the windows that this side gives."""

from __future__ import annotations

import pytest

from ranvier.wire.http2.errors import ErrorCode, StreamMisuse
from ranvier.wire.http2.limits import Limits
from tests.support.http2_peer import (
    HEAD_BLOCK,
    HELLO,
    OK,
    OK_BLOCK,
    REQUEST,
    SETTINGS_ACK,
    Frame,
    Peer,
    data,
    frame,
    headers,
    kinds,
    server,
)

PADDED = 0x8


def updates(frames: list[Frame], stream_id: int) -> list[int]:
    return [f.number for f in frames if f.kind == "WINDOW_UPDATE" and f.stream_id == stream_id]


def test_a_request_in_one_read() -> None:
    peer = server()
    peer.send(headers(1), data(1, b"hel"), data(1, b"lo", end=True))
    heard = peer.streams[1]
    assert heard.headers == REQUEST
    assert bytes(heard.data) == b"hello"
    assert heard.has_ended


def test_trailers_end_a_request() -> None:
    peer = server()
    peer.send(headers(1), data(1, b"x"), headers(1, OK, end=True))
    assert peer.streams[1].trailers == OK
    assert peer.streams[1].has_ended


def test_an_empty_frame_may_end_a_request() -> None:
    peer = server()
    peer.send(headers(1), data(1, b"x"), data(1, end=True))
    assert peer.streams[1].has_ended


def test_padding_is_removed_and_given_back_at_once() -> None:
    peer = server(stream_window_bytes=65_535)
    peer.consumes = False
    peer.send(headers(1), frame("DATA", 1, b"\x03abc\0\0\0", PADDED))
    assert bytes(peer.streams[1].data) == b"abc"
    assert peer.connection.buffered_bytes == 3
    peer.send(frame("DATA", 1, b"\x00", PADDED | 1))
    assert peer.streams[1].has_ended


def test_headers_may_be_padded_and_have_a_priority() -> None:
    peer = server()
    block = headers(1)[9:]
    peer.send(frame("HEADERS", 1, b"\x02" + b"\x80\0\0\0\x10" + block + b"\0\0", 0x2D))
    assert peer.streams[1].headers == REQUEST
    assert peer.streams[1].has_ended


def test_a_block_may_come_in_several_frames() -> None:
    peer = server()
    block = headers(1)[9:]
    parts = [frame("HEADERS", 1, block[:4], 0x1)]
    parts += [frame("CONTINUATION", 1, block[i : i + 20]) for i in range(4, len(block), 20)]
    peer.send(*parts, frame("CONTINUATION", 1, b"", 0x4))
    assert peer.streams[1].headers == REQUEST
    assert peer.streams[1].has_ended


def test_the_reserved_bit_and_unknown_flags_are_ignored() -> None:
    peer = server()
    peer.send(frame("HEADERS", 1 | 2**31, headers(1)[9:], 0x4 | 0x50))
    peer.send(frame("DATA", 1 | 2**31, b"x", 0x1 | 0x44))
    assert bytes(peer.streams[1].data) == b"x"
    assert peer.streams[1].has_ended


def test_unknown_frames_and_priorities_are_ignored() -> None:
    peer = server()
    answer = peer.send(
        frame(0x0A, 0, b"alt-svc"),
        frame(0xFF, 7, b"?"),
        frame("PRIORITY", 9, bytes(5)),
        frame("SETTINGS", 0, b"\xff\xff\0\0\0\x01"),
    )
    assert [(each.kind, each.flags) for each in answer] == [("SETTINGS", 1)]


def test_the_stream_gets_its_window_back_when_half_of_it_is_consumed() -> None:
    peer = server(stream_window_bytes=100_000)
    answer = peer.send(headers(1), *[data(1, bytes(10_000))] * 4)
    assert updates(answer, 1) == []
    assert updates(peer.send(data(1, bytes(10_000))), 1) == [50_000]
    assert updates(peer.send(data(1, bytes(10_000))), 1) == []


def test_what_is_not_consumed_is_not_given_back() -> None:
    peer = server(stream_window_bytes=100_000)
    peer.consumes = False
    answer = peer.send(headers(1), *[data(1, bytes(10_000))] * 10)
    assert updates(answer, 1) == []
    (reset,) = peer.send(data(1, b"x"))
    assert reset.code is ErrorCode.FLOW_CONTROL_ERROR
    assert peer.connection.buffered_bytes == 0


def test_it_may_be_given_back_later() -> None:
    peer = server(stream_window_bytes=100_000)
    peer.consumes = False
    peer.send(headers(1), *[data(1, bytes(10_000))] * 10)
    peer.stream().consumed(49_999)
    assert peer.take() == []
    ready = peer.ready_count
    peer.stream().consumed(1)
    assert peer.ready_count == ready + 1
    assert updates(peer.take(), 1) == [50_000]


def test_after_the_end_of_the_request_no_window_is_given() -> None:
    peer = server(stream_window_bytes=100_000)
    answer = peer.send(headers(1), *[data(1, bytes(16_000))] * 3, data(1, bytes(16_000), end=True))
    assert updates(answer, 1) == []


def test_more_than_came_cannot_be_consumed() -> None:
    peer = server()
    peer.send(headers(1), data(1, b"four"))
    with pytest.raises(StreamMisuse):
        peer.stream().consumed(1)


def test_the_connection_gets_its_window_back_whoever_consumes() -> None:
    peer = server(connection_window_bytes=100_000)
    peer.consumes = False
    answer = peer.send(headers(1), headers(3), *[data(1, bytes(10_000))] * 6)
    assert updates(answer, 0) == [60_000]
    answer = peer.send(*[data(3, bytes(10_000))] * 6)
    assert updates(answer, 0) == [60_000]


def test_data_beyond_the_window_of_the_connection_ends_it() -> None:
    peer = server(connection_window_bytes=65_535, stream_window_bytes=1_000_000)
    (goaway,) = peer.send(headers(1), *[data(1, bytes(10_000))] * 7)
    assert goaway.code is ErrorCode.FLOW_CONTROL_ERROR


def test_discarded_data_counts_for_the_connection() -> None:
    peer = server(connection_window_bytes=65_535)
    peer.send(headers(1))
    peer.stream().reset(ErrorCode.CANCEL)
    answer = peer.send(*[data(1, bytes(10_000))] * 4)
    assert updates(answer, 0) == [40_000]


def test_the_default_window_holds_until_a_smaller_one_is_acknowledged() -> None:
    peer = Peer(limits=Limits(stream_window_bytes=10))
    peer.consumes = False
    peer.connection.start()
    peer.send(HELLO, headers(1), data(1, bytes(16_000)))
    assert len(peer.streams[1].data) == 16_000
    peer.send(headers(3), data(3, bytes(10)), SETTINGS_ACK)
    answer = peer.send(data(3, b"x"))
    assert [(each.stream_id, each.code) for each in answer] == [(3, ErrorCode.FLOW_CONTROL_ERROR)]


def test_what_a_closed_stream_held_is_held_no_more() -> None:
    peer = server()
    peer.consumes = False
    peer.send(headers(1), data(1, bytes(1_000), end=True))
    assert peer.connection.buffered_bytes == 1_000
    peer.stream().respond(HEAD_BLOCK, b"x", OK_BLOCK)
    assert peer.connection.buffered_bytes == 0
    peer.stream().consumed(1_000)
    assert peer.connection.buffered_bytes == 0


def test_the_hello_tells_the_limits() -> None:
    peer = Peer(limits=Limits(concurrent_streams=7, header_list_bytes=999, stream_window_bytes=5))
    peer.connection.start()
    hello, window = peer.take()
    pairs = [hello.payload[i : i + 6] for i in range(0, len(hello.payload), 6)]
    said = {int.from_bytes(p[:2], "big"): int.from_bytes(p[2:], "big") for p in pairs}
    assert said == {1: 4096, 3: 7, 4: 5, 5: 16_384, 6: 999}
    assert window.number == 4 * 1024 * 1024 - 65_535


@pytest.mark.parametrize("size", [1, 2, 7, 50])
def test_incomplete_frames_are_kept_in_few_pieces(size: int) -> None:
    peer = server()
    peer.send(headers(1))
    sent = data(1, bytes(range(256)) * 20)
    for start in range(0, len(sent), size):
        peer.send(sent[start : start + size])
        inbound = peer.connection._inbound
        assert len(inbound._partial) <= 66
        assert peer.connection.buffered_bytes <= len(sent)
    assert bytes(peer.streams[1].data) == bytes(range(256)) * 20


def test_settings_and_pings_are_answered_in_order() -> None:
    peer = server()
    answer = peer.send(frame("SETTINGS", 0), frame("PING", 0, b"12345678"))
    assert kinds(answer) == ["SETTINGS", "PING"]
    assert [each.flags for each in answer] == [1, 1]
    assert answer[1].payload == b"12345678"
