"""How connections end: GOAWAY both ways, graceful shutdown, and the loss of the transport."""

from __future__ import annotations

import pytest

from ranvier.wire.http2.errors import ConnectionClosing, ErrorCode, StreamsExhausted
from ranvier.wire.http2.stream import StreamEnd
from tests.support.http2_peer import (
    HEAD_BLOCK,
    OK,
    OK_BLOCK,
    RESPONSE,
    client,
    data,
    frame,
    headers,
    kinds,
    number,
    server,
)

LAST = 2**31 - 1


def goaway(last: int, code: int = 0, debug: bytes = b"") -> bytes:
    return frame("GOAWAY", 0, number(last) + number(code) + debug)


def test_a_graceful_shutdown_lets_requests_under_way_come_through() -> None:
    peer = server()
    peer.send(headers(1, end=True))
    peer.connection.shut_down()
    notice, ping = peer.take()
    assert (notice.kind, notice.number, notice.code) == ("GOAWAY", LAST, ErrorCode.NO_ERROR)
    peer.send(headers(3, end=True))  # was under way
    assert sorted(peer.streams) == [1, 3]
    (final,) = peer.send(frame("PING", 0, ping.payload, 0x1))
    assert (final.kind, final.number, final.code) == ("GOAWAY", 3, ErrorCode.NO_ERROR)
    assert peer.pongs == []
    assert peer.send(headers(5), data(5, b"x")) == []
    assert sorted(peer.streams) == [1, 3]
    assert not peer.should_close()
    for stream_id in (1, 3):
        peer.stream(stream_id).respond(HEAD_BLOCK, b"x", OK_BLOCK)
    assert peer.should_close()
    assert kinds(peer.take()) == ["HEADERS", "DATA", "HEADERS"] * 2


def test_the_notice_alone_closes_nothing() -> None:
    peer = server()
    peer.connection.shut_down()
    assert not peer.should_close()


def test_a_shutdown_is_begun_once() -> None:
    peer = server()
    peer.connection.shut_down()
    peer.connection.shut_down()
    assert kinds(peer.take()) == ["GOAWAY", "PING"]


def test_the_headers_of_streams_too_late_are_still_read() -> None:
    peer = server()
    peer.connection.go_away()
    peer.take()
    block = headers(1)[9:] + b"\x40\x01x\x011"
    assert peer.send(frame("HEADERS", 1, block, 0x4)) == []
    assert peer.send(frame("HEADERS", 1, b"\xbe", 0x5)) == []
    assert peer.connection.fault is None


def test_a_farewell_can_name_a_lower_stream_but_never_a_higher() -> None:
    peer = server()
    peer.send(headers(1), headers(3))
    peer.connection.go_away(ErrorCode.NO_ERROR, b"bye", 1)
    peer.connection.go_away()
    first, second = peer.take()
    assert [first.number, second.number] == [1, 1]
    assert first.payload[8:] == b"bye"


def test_streams_up_to_the_last_are_still_taken() -> None:
    peer = server()
    peer.connection.go_away(last_stream_id=3)
    peer.take()
    assert peer.send(headers(1), headers(3), headers(5)) == []
    assert sorted(peer.streams) == [1, 3]


def test_the_text_of_a_farewell_is_bounded() -> None:
    peer = server()
    peer.connection.go_away(debug=b"x" * 10_000)
    assert len(peer.take()[0].payload) == 8 + 256


def test_a_client_that_says_goodbye_is_served_to_the_end() -> None:
    peer = server()
    peer.send(headers(1, end=True), goaway(0))
    assert peer.goaways == [(0, 0, b"")]
    assert not peer.should_close()
    peer.stream().respond(HEAD_BLOCK, b"x", OK_BLOCK)
    assert peer.should_close()


def test_streams_above_the_last_were_not_looked_at() -> None:
    peer = client()
    kept, lost = peer.open(), peer.open()
    peer.send(goaway(1, 0, b"restart"))
    assert peer.goaways == [(1, 0, b"restart")]
    assert kept.ends == []
    (end,) = lost.ends
    assert end is not None
    assert (end.code, end.is_unprocessed) == (ErrorCode.REFUSED_STREAM, True)
    with pytest.raises(ConnectionClosing):
        peer.open()
    assert not peer.connection.can_open_stream
    peer.send(headers(1, RESPONSE), headers(1, OK, end=True))
    assert not peer.should_close()  # the request has not ended
    kept.own.send_data(b"", end_stream=True)
    assert kept.ends == [None]
    assert peer.should_close()


def test_a_notice_keeps_all_streams() -> None:
    peer = client()
    heard = peer.open()
    peer.send(goaway(LAST), goaway(1))
    assert heard.ends == []
    assert peer.goaways == [(LAST, 0, b""), (1, 0, b"")]


def test_a_client_shuts_down_without_a_notice() -> None:
    peer = client()
    peer.open(end=True)
    peer.take()
    peer.connection.shut_down()
    assert [(each.kind, each.number) for each in peer.take()] == [("GOAWAY", 0)]
    assert not peer.should_close()
    peer.send(headers(1, RESPONSE, end=True))
    assert peer.should_close()


def test_a_lost_transport_closes_every_stream() -> None:
    peer = server()
    peer.send(headers(1), headers(3), data(3, b"x"), headers(5)[:20])
    peer.connection.transport_lost()
    for stream_id in (1, 3):
        (end,) = peer.streams[stream_id].ends
        assert end is not None
        assert end.is_connection_lost
        assert end.remote
    assert peer.should_close()
    assert peer.connection.buffered_bytes == 0
    peer.connection.receive_data(headers(7))
    assert list(peer.streams) == [1, 3]


def test_a_fault_closes_every_stream_and_says_why() -> None:
    peer = server()
    peer.send(headers(1))
    (said,) = peer.send(data(0, b"x"))
    assert said.payload[8:] == b"DATA on stream 0"
    (end,) = peer.streams[1].ends
    assert isinstance(end, StreamEnd)
    assert (end.code, end.remote, end.is_connection_lost) == (ErrorCode.PROTOCOL_ERROR, False, True)
    assert str(peer.connection.fault) == "PROTOCOL_ERROR: DATA on stream 0"


def test_a_layer_that_answers_while_all_is_closed_does_no_harm() -> None:
    peer = server()
    peer.send(headers(1, end=True), headers(3, end=True))
    other = peer.stream(3)
    peer.streams[1].closed = (  # type: ignore[method-assign]  # a listener that goes on talking
        lambda error: other.respond(HEAD_BLOCK, b"x", OK_BLOCK)
    )
    peer.connection.transport_lost()
    assert peer.connection.open_stream_count == 0


def test_a_refused_stream_can_be_sent_again() -> None:
    peer = client()
    heard = peer.open(end=True)
    peer.send(frame("RST_STREAM", 1, number(ErrorCode.REFUSED_STREAM)))
    (end,) = heard.ends
    assert end is not None
    assert end.is_unprocessed


def test_a_full_peer_is_told_from_a_leaving_one() -> None:
    peer = client()
    peer.send(frame("SETTINGS", 0, b"\0\x03" + number(1)))
    peer.open(end=True)
    assert peer.connection.can_open_stream is False
    with pytest.raises(StreamsExhausted):
        peer.open()
    peer.send(headers(1, RESPONSE, end=True))
    assert bool(peer.connection.can_open_stream)
    peer.open()
