"""How streams end, and what late frames mean (RFC 9113 section 5.1)."""

from __future__ import annotations

import pytest

from ranvier.wire.http2.closed_streams import GAPS_MAX, ClosedStreams, Ending
from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.stream import StreamEnd
from tests.support.http2_peer import (
    HEAD_BLOCK,
    OK,
    OK_BLOCK,
    Frame,
    data,
    frame,
    headers,
    kinds,
    number,
    server,
)

LATE = {
    "DATA": data(1, b"late"),
    "HEADERS": headers(1, OK, end=True),
    "RST_STREAM": frame("RST_STREAM", 1, number(8)),
    "WINDOW_UPDATE": frame("WINDOW_UPDATE", 1, number(1)),
    "PRIORITY": frame("PRIORITY", 1, bytes(5)),
}


def outcome(answer: list[Frame]) -> str:
    if not answer:
        return "ignored"
    (only,) = answer
    return f"{only.kind} {only.code.name}"


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        ("DATA", "ignored"),
        ("HEADERS", "ignored"),
        ("RST_STREAM", "ignored"),
        ("WINDOW_UPDATE", "ignored"),
        ("PRIORITY", "ignored"),
    ],
)
def test_after_a_reset_of_ours_frames_that_were_under_way_are_let_pass(
    late: str, expected: str
) -> None:
    peer = server()
    peer.send(headers(1))
    peer.stream().reset(ErrorCode.CANCEL)
    peer.take()
    assert outcome(peer.send(LATE[late])) == expected
    assert kinds(peer.send(frame("PING", 0, bytes(8)))) == ["PING"]


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        ("DATA", "RST_STREAM STREAM_CLOSED"),
        ("HEADERS", "RST_STREAM STREAM_CLOSED"),
        ("RST_STREAM", "ignored"),
        ("WINDOW_UPDATE", "ignored"),
        ("PRIORITY", "ignored"),
    ],
)
def test_after_its_own_reset_a_peer_sends_nothing_more(late: str, expected: str) -> None:
    peer = server()
    peer.send(headers(1), frame("RST_STREAM", 1, number(8)))
    assert outcome(peer.send(LATE[late])) == expected


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        ("DATA", "GOAWAY STREAM_CLOSED"),
        ("HEADERS", "GOAWAY STREAM_CLOSED"),
        ("RST_STREAM", "ignored"),
        ("WINDOW_UPDATE", "ignored"),
        ("PRIORITY", "ignored"),
    ],
)
def test_on_a_complete_stream_data_is_a_fault(late: str, expected: str) -> None:
    peer = server()
    peer.send(headers(1, end=True))
    peer.stream().respond(HEAD_BLOCK, b"x", OK_BLOCK)
    peer.take()
    assert outcome(peer.send(LATE[late])) == expected


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        ("DATA", "RST_STREAM STREAM_CLOSED"),
        ("HEADERS", "RST_STREAM STREAM_CLOSED"),
        ("WINDOW_UPDATE", "ignored"),
        ("PRIORITY", "ignored"),
    ],
)
def test_on_a_half_closed_stream_only_steering_is_allowed(late: str, expected: str) -> None:
    peer = server()
    peer.send(headers(1, end=True))
    assert outcome(peer.send(LATE[late])) == expected
    code = None if expected == "ignored" else ErrorCode.STREAM_CLOSED
    assert [end and end.code for end in peer.streams[1].ends] == ([code] if code else [])


def test_a_reset_by_the_peer_closes_with_its_code() -> None:
    peer = server()
    peer.send(headers(1), frame("RST_STREAM", 1, number(0x1234)))
    assert peer.streams[1].ends == [StreamEnd(0x1234, remote=True)]
    assert peer.connection.open_stream_count == 0


def test_a_reset_of_ours_closes_at_once() -> None:
    peer = server()
    peer.send(headers(1))
    peer.stream().reset(ErrorCode.INTERNAL_ERROR)
    assert peer.streams[1].ends == [StreamEnd(ErrorCode.INTERNAL_ERROR, remote=False)]
    (reset,) = peer.take()
    assert (reset.kind, reset.stream_id, reset.code) == ("RST_STREAM", 1, ErrorCode.INTERNAL_ERROR)


def test_a_malformed_request_never_reaches_the_layer_above() -> None:
    peer = server()
    peer.send(headers(1, OK))
    assert peer.streams == {}
    peer.send(headers(3))
    assert list(peer.streams) == [3]


def test_malformed_trailers_end_the_stream_for_the_layer_above() -> None:
    peer = server()
    peer.send(headers(1), headers(1, ((b"Bad", b""),), end=True))
    (end,) = peer.streams[1].ends
    assert end is not None
    assert (end.code, end.remote) == (ErrorCode.PROTOCOL_ERROR, False)


def test_streams_that_complete_are_forgotten() -> None:
    peer = server()
    for stream_id in range(1, 2_001, 2):
        peer.send(headers(stream_id), data(stream_id, b"x", end=True))
        peer.stream(stream_id).respond(HEAD_BLOCK, b"x", OK_BLOCK)
    state = peer.connection._state
    assert not state.streams
    assert not state.closed_streams._resets
    assert not state.closed_streams._gaps
    assert not state.content_lengths


def test_a_closed_stream_lets_go_of_its_listener() -> None:
    peer = server()
    for stream_id in (1, 3):
        peer.send(headers(stream_id, end=True))
    answered, cancelled = peer.stream(1), peer.stream(3)
    answered.respond(HEAD_BLOCK, b"x", OK_BLOCK)
    cancelled.reset(ErrorCode.CANCEL)
    for stream in (answered, cancelled):
        assert stream.listener is not peer.streams[stream.id]
        assert len(peer.streams[stream.id].ends) == 1


def test_a_listener_may_reset_its_stream_from_within() -> None:
    peer = server()
    peer.on_request = lambda heard: heard.own.reset(ErrorCode.CANCEL)
    assert kinds(peer.send(headers(1), data(1, b"x"), headers(3))) == ["RST_STREAM"] * 2


def test_the_peer_is_not_blamed_for_what_is_forgotten() -> None:
    closed = ClosedStreams(2)
    for stream_id in (1, 3, 5):
        closed.reset(stream_id, Ending.RESET_THERE)
    assert [closed.ending(i) for i in (1, 3, 5, 7)] == [
        Ending.RESET_HERE,
        Ending.RESET_THERE,
        Ending.RESET_THERE,
        Ending.COMPLETE,
    ]


def test_skipped_ids_are_known_in_bounded_memory() -> None:
    closed = ClosedStreams(2)
    closed.skipped(3, 9)
    assert [closed.ending(i) for i in (1, 3, 7, 9)] == [
        Ending.COMPLETE,
        Ending.NEVER_OPENED,
        Ending.NEVER_OPENED,
        Ending.COMPLETE,
    ]
    for start in range(11, 11 + 8 * GAPS_MAX, 8):
        closed.skipped(start, start + 4)
    assert len(closed._gaps) == GAPS_MAX
    assert closed.ending(3) is Ending.COMPLETE


def test_ids_may_be_skipped() -> None:
    peer = server()
    assert peer.send(headers(7), headers(101)) == []
    assert sorted(peer.streams) == [7, 101]
    assert peer.connection.highest_stream_id == 101


def test_content_of_the_stated_length_is_fine() -> None:
    peer = server()
    pairs = (*headers_with_length(4),)
    peer.send(headers(1, pairs), data(1, b"12"), frame("DATA", 1, b"\x0134\0", 0x9))
    assert peer.streams[1].has_ended
    peer.send(headers(3, pairs), data(3, b"1234"), headers(3, OK, end=True))
    assert peer.streams[3].has_ended
    peer.send(headers(5, headers_with_length(0), end=True))
    assert peer.streams[5].has_ended
    for stream_id in (1, 3, 5):
        peer.stream(stream_id).respond(HEAD_BLOCK, b"x", OK_BLOCK)
    assert peer.connection.fault is None
    assert not peer.connection._state.content_lengths


def headers_with_length(length: int) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/"),
        (b"content-length", b"%d" % length),
    )
