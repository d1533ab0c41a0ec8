"""Whose turn it is on an AJP connection, and what bytes mean by then."""

from __future__ import annotations

import pytest

from bench.ajp_packets import (
    CPING_PACKET,
    EMPTY_PACKET,
    EMPTY_PART,
    Forwarded,
    body_part,
    forward_request,
    packet,
)
from ranvier.wire.ajp.connection import CLIENT_GONE, PROBE, BodyPart, Connection, Event
from ranvier.wire.ajp.errors import LimitsInvalid, ProtocolFault, RequestRefused
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.request import Request

GET = forward_request(Forwarded())
CHUNKED = forward_request(Forwarded("POST", headers=[(b"transfer-encoding", b"chunked")]))


def post(length: int) -> bytes:
    return forward_request(Forwarded("POST", headers=[(b"content-length", b"%d" % length)]))


def connection() -> Connection:
    return Connection(AjpLimits())


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


def test_requests_follow_each_other() -> None:
    peer = connection()
    for _ in range(3):
        assert kinds(peer.receive_data(CPING_PACKET + GET)) == [type(PROBE), Request]
        assert peer.is_busy
        assert peer.end_response(reuse=True) == b"AB\x00\x02\x05\x01"
        assert not peer.is_busy


def test_bytes_may_come_one_by_one() -> None:
    peer, events = connection(), []
    for byte in CPING_PACKET + post(3) + body_part(b"abc"):
        events += peer.receive_data(bytes([byte]))
    assert kinds(events) == [type(PROBE), Request, BodyPart]
    assert not peer.is_within_packet


def test_a_body_of_known_length_begins_unasked_and_goes_on_as_asked() -> None:
    peer = connection()
    peer.receive_data(post(20_000))
    assert peer.awaits_body
    assert peer.receive_data(body_part(b"x" * 8186)) == [BodyPart(b"x" * 8186, is_last=False)]
    assert peer.ask_for_body()[-2:] == (8186).to_bytes(2, "big")
    peer.receive_data(body_part(b"x" * 8186))
    assert peer.ask_for_body()[-2:] == (3628).to_bytes(2, "big")
    assert peer.receive_data(body_part(b"x" * 3628)) == [BodyPart(b"x" * 3628, is_last=True)]
    with pytest.raises(ProtocolFault):
        peer.ask_for_body()


@pytest.mark.parametrize("end", [EMPTY_PACKET, EMPTY_PART])
def test_a_chunked_body_comes_as_asked_and_ends_in_either_way(end: bytes) -> None:
    peer = connection()
    peer.receive_data(CHUNKED)
    assert not peer.awaits_body
    peer.ask_for_body()
    with pytest.raises(ProtocolFault):
        peer.ask_for_body()
    assert peer.receive_data(body_part(b"x")) == [BodyPart(b"x", is_last=False)]
    peer.ask_for_body()
    assert peer.receive_data(end) == [BodyPart(b"", is_last=True)]
    assert not peer.has_more_body


@pytest.mark.parametrize("end", [EMPTY_PACKET, EMPTY_PART])
def test_a_body_that_ends_too_early_tells_that_the_client_has_gone(end: bytes) -> None:
    peer = connection()
    peer.receive_data(post(9_000))
    peer.receive_data(body_part(b"x" * 8186))
    peer.ask_for_body()
    assert peer.receive_data(end) == [CLIENT_GONE]


def test_a_part_that_nobody_read_is_swallowed_before_the_next_request() -> None:
    peer = connection()
    peer.receive_data(post(5))
    peer.end_response(reuse=True)
    # It looks like a request, and is the body of the one before.
    assert peer.receive_data(body_part(b"\x02\x02abc")) == []
    assert kinds(peer.receive_data(GET)) == [Request]


def test_a_chunked_part_that_was_asked_for_is_swallowed_too() -> None:
    peer = connection()
    peer.receive_data(CHUNKED)
    peer.ask_for_body()
    peer.end_response(reuse=True)
    assert peer.receive_data(EMPTY_PACKET) == []
    assert kinds(peer.receive_data(GET)) == [Request]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"AB\x00\x01\x09",
        EMPTY_PACKET,
        packet(b"\x07"),  # shut down
        packet(b"\x08"),
        packet(b"\x0a\x00"),
        GET + GET,
        GET + CPING_PACKET,
        post(3) + body_part(b"abcd"),
        post(3) + packet(b"\x00"),
        post(3) + packet(b"\x00\x02abc"),
        post(3) + packet(b"\x00\x03ab"),
        post(3) + body_part(b"abc") + body_part(b"d"),
    ],
)
def test_what_is_not_due_ends_the_connection(data: bytes) -> None:
    with pytest.raises(ProtocolFault):
        connection().receive_data(data)


@pytest.mark.parametrize("packet_bytes", [8192, 65536])
def test_a_packet_may_be_as_long_as_the_setting_says(packet_bytes: int) -> None:
    limits = AjpLimits(packet_bytes=packet_bytes, head_bytes=70_000)
    spare = packet_bytes - len(forward_request(Forwarded(headers=[(b"cookie", b"")])))
    longest = forward_request(Forwarded(headers=[(b"cookie", b"x" * spare)]))
    assert len(longest) == packet_bytes
    assert kinds(Connection(limits).receive_data(longest)) == [Request]
    too_long = b"\x12\x34" + min(packet_bytes - 3, 0xFFFF).to_bytes(2, "big")
    with pytest.raises(RequestRefused, match="packet size") as refused:
        Connection(limits).receive_data(too_long)
    assert refused.value.status == 400


@pytest.mark.parametrize("packet_bytes", [0, 8191, 65537])
def test_ajp_bounds_the_packet_size(packet_bytes: int) -> None:
    with pytest.raises(LimitsInvalid, match="8192 to 65536"):
        AjpLimits(packet_bytes=packet_bytes)
