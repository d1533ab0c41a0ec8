"""A ping that is alone in its read is answered on a short way, as if it had gone the long one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ranvier.wire.http2.control_frames import FAREWELL_PING
from ranvier.wire.http2.frames import PING_FRAME_BYTES
from tests.support.http2_peer import HEAD_BLOCK, Peer, data, frame, headers, server

PAYLOAD = b"are here"
PING = frame("PING", 0, PAYLOAD)
PONG = frame("PING", 0, PAYLOAD, 0x1)


def test_a_ping_is_answered_with_its_payload() -> None:
    assert len(PING) == PING_FRAME_BYTES
    connection = server().connection
    assert connection.is_quiet
    assert connection.answer_lone_ping(PING) == PONG
    assert connection.take_output() == b""


def test_the_answer_to_a_ping_is_passed_on() -> None:
    peer = server()
    assert peer.connection.answer_lone_ping(PONG) == b""
    assert peer.pongs == [PAYLOAD]


def test_too_many_pings_are_too_many_on_both_ways() -> None:
    peer = server(ping_strikes=2, ping_interval_seconds=10)
    for _ in range(3):
        assert peer.connection.answer_lone_ping(PING) == PONG
    assert peer.connection.answer_lone_ping(PING) is None
    assert peer.send(PING)[-1].kind == "GOAWAY"
    assert peer.connection.answer_lone_ping(PING) is None


def half_a_frame(peer: Peer) -> None:
    peer.connection.receive_data(PING[:5])


def an_open_header_block(peer: Peer) -> None:
    peer.connection.receive_data(frame("HEADERS", 1, b"\x83", 0x1))


def output_that_waits(peer: Peer) -> None:
    peer.connection.receive_data(headers(1))
    peer.stream(1).send_headers(HEAD_BLOCK)


def a_full_transport(peer: Peer) -> None:
    peer.connection.pause_output()


def a_lost_transport(peer: Peer) -> None:
    peer.connection.transport_lost()


@pytest.mark.parametrize(
    "prepare",
    [half_a_frame, an_open_header_block, output_that_waits, a_full_transport, a_lost_transport],
)
def test_whatever_is_under_way_goes_first(prepare: Callable[[Peer], None]) -> None:
    peer = server()
    prepare(peer)
    assert not peer.connection.is_quiet
    assert peer.connection.answer_lone_ping(PING) is None


@pytest.mark.parametrize(
    "other",
    [
        data(1, b"12345678"),
        frame("PING", 1, PAYLOAD),
        frame("PING", 0, FAREWELL_PING, 0x1),
        frame("PING", 0, PAYLOAD, 0x3),
        PING[1:] + b"x",
    ],
)
def test_what_is_no_plain_ping_goes_the_long_way(other: bytes) -> None:
    assert server().connection.answer_lone_ping(other) is None


def test_before_the_handshake_nothing_is_a_ping() -> None:
    assert Peer().connection.answer_lone_ping(PING) is None
