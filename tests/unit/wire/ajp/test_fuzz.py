"""Hostile bytes: whatever comes, the codec answers by an error of its own, or goes on."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

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
from ranvier.wire.ajp import codes
from ranvier.wire.ajp.admission import admit
from ranvier.wire.ajp.asgi import scope_of
from ranvier.wire.ajp.connection import Connection
from ranvier.wire.ajp.errors import AjpError
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.request import Request
from tests.support.scale import scaled

SECRET = b"sesame"
COOKIES = [(b"Host", b"node"), (b"Cookie", b"JSESSIONID=abc.node1"), (b"X-Other", b"1")]
TOLD = {codes.SECRET: SECRET, codes.QUERY_STRING: b"a=b", codes.REMOTE_USER: b"somebody"}
NAMED = {codes.LB_ACTIVATION: b"ACT", codes.REMOTE_PORT: b"4711"}

SEEDS = (
    forward_request(Forwarded(headers=COOKIES, coded=TOLD, named=NAMED, tls_key_bits=128)),
    forward_request(Forwarded("POST", headers=[(b"Content-Length", b"5")], coded=TOLD))
    + body_part(b"hello"),
    forward_request(Forwarded("PATCH", b"/a%2Fb;jsessionid=x.y", coded=TOLD, is_tls=True)),
    forward_request(Forwarded("PUT", headers=[(b"Transfer-Encoding", b"chunked")], coded=TOLD))
    + body_part(b"x" * 300)
    + EMPTY_PACKET,
    CPING_PACKET + forward_request(Forwarded(coded=TOLD)),
    EMPTY_PART,
    packet(b"\x07"),
)
TELLING = (0, 1, 2, 4, 5, 7, 10, 12, 13, 0x12, 0x34, 0x7F, 0x80, 0xA0, 0xFE, 0xFF)
"""Bytes that mean something in AJP, or are at an edge."""
LIMITS = (AjpLimits(), AjpLimits(packet_bytes=65536), AjpLimits(header_count=2, head_bytes=200))


def mutated(random: Random, data: bytearray) -> bytes:
    for _ in range(random.choice((0, 1, 1, 2, 4, 16))):
        place = random.randrange(len(data) + 1)
        match random.randrange(6):
            case 0 if data:
                data[place % len(data)] = random.randrange(256)
            case 1 if data:
                data[place % len(data)] = random.choice(TELLING)
            case 2:
                data[place:place] = random.choice(TELLING).to_bytes(1, "big") * random.choice(
                    (1, 3)
                )
            case 3:
                del data[place : place + random.choice((1, 2, 9))]
            case 4:
                data[place:place] = data[place : place + random.randrange(40)]
            case _:
                # A length that is wrong by a little, or by much.
                data[place : place + 2] = random.choice(
                    (b"\xff\xff", b"\xff\xfe", b"\x00\x00", b"\x00\x01", b"\x7f\xff")
                )
    return bytes(data)


def mutated_packets(random: Random, data: bytes) -> list[bytes]:
    """Mutate what is inside packets, or all of it with the lengths that stand there."""
    if random.random() < 0.2:
        return [mutated(random, bytearray(data))]
    made, guilty = [], random.randrange(3)
    while data:
        size = int.from_bytes(data[2:4], "big") + 4
        payload, data = data[4:size], data[size:]
        made.append(packet(mutated(random, bytearray(payload)) if not guilty else payload))
        guilty -= 1
    return made


def pieces(random: Random, packets: list[bytes]) -> Iterator[bytes]:
    """Cut what is sent at any place, and at the ends of packets."""
    for data in packets:
        position = 0
        while position < len(data):
            size = random.choice((len(data), 1 + random.randrange(64)))
            yield data[position : position + size]
            position += size


def feed(random: Random, packets: list[bytes]) -> int:
    """Give a connection these bytes, in pieces; return how many requests were let in."""
    connection = Connection(random.choice(LIMITS))
    admitted = 0
    for piece in pieces(random, packets):
        for event in connection.receive_data(piece):
            if isinstance(event, Request):
                check(event)
                admitted += 1
        if connection.is_busy and not connection.awaits_body:
            if connection.has_more_body and random.random() < 0.8:
                connection.ask_for_body()
            else:
                connection.end_response(reuse=True)
    return admitted


def check(request: Request) -> None:
    """Let a request in, or raise; what comes in is fit for an application."""
    admit(request, SECRET)
    assert request.coded[codes.SECRET] == SECRET
    assert codes.ALLOWED_ATTRIBUTES.issuperset(request.named)
    scope = scope_of(request)
    assert scope["raw_path"].startswith((b"/", b"*"))
    assert not any(b"\n" in value or b"\r" in value for _, value in scope["headers"])


@pytest.mark.soak
def test_no_bytes_break_the_codec() -> None:
    rounds = scaled(1_000_000, suite=30_000)
    admitted = refused = 0
    for number in range(rounds):
        # The number alone makes the input: a failure is repeated by its own.
        random = Random(number)
        packets = mutated_packets(random, random.choice(SEEDS) + random.choice(SEEDS))
        try:
            admitted += feed(random, packets)
        except AjpError:
            refused += 1
        except Exception as error:
            sent = b"".join(packets).hex()
            raise AssertionError(f"input {number} ({sent}): {error!r}") from error
    # Both ways have been walked.
    assert admitted > rounds / 20
    assert refused > rounds / 10
