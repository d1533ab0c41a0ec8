"""What a node sends, byte by byte, and read back."""

from __future__ import annotations

import pytest

from bench.ajp_packets import Answer
from ranvier.wire.ajp import codes
from ranvier.wire.ajp.errors import ProtocolFault
from ranvier.wire.ajp.response_packets import (
    CPONG,
    END_AND_CLOSE,
    END_AND_REUSE,
    FLUSH,
    body_chunks,
    get_body_chunk,
    response_head,
)


def read_back(head: bytes) -> Answer:
    assert head[:2] == b"AB"
    assert int.from_bytes(head[2:4], "big") == len(head) - 4
    answer = Answer()
    answer.take_head(head[4:])
    return answer


def test_the_short_packets_are_as_written_down() -> None:
    assert bytes.fromhex("4142000109") == CPONG
    assert bytes.fromhex("414200020501") == END_AND_REUSE
    assert bytes.fromhex("414200020500") == END_AND_CLOSE
    assert bytes.fromhex("4142000403000000") == FLUSH
    assert get_body_chunk(8186) == bytes.fromhex("41420003061ffa")


def test_a_head_has_its_known_names_as_codes() -> None:
    head = response_head(200, [(b"Content-Type", b"a/b"), (b"X-Y", b"1")], 8192)
    assert head == bytes.fromhex(
        "4142001c" "04" "00c8" "00024f4b00" "0002" "a001" "0003612f6200" "0003782d7900" "00013100"
    )  # fmt: skip


@pytest.mark.parametrize("name", codes.RESPONSE_HEADERS.values())
def test_every_name_comes_back(name: bytes) -> None:
    assert read_back(response_head(200, [(name, b"1"), (name, b"2")], 8192)).headers == [
        (name, b"1"),
        (name, b"2"),
    ]


@pytest.mark.parametrize(("status", "reason"), [(204, b"No Content"), (499, b"499"), (999, b"999")])
def test_there_is_always_a_reason(status: int, reason: bytes) -> None:
    answer = read_back(response_head(status, [], 8192))
    assert (answer.status, answer.reason) == (status, reason)


def test_headers_of_one_http_connection_are_dropped() -> None:
    headers = [(b"Connection", b"close"), (b"transfer-encoding", b"chunked"), (b"etag", b"1")]
    assert read_back(response_head(200, headers, 8192)).headers == [(b"etag", b"1")]


@pytest.mark.parametrize(
    "header", [(b"x", b"1\r\nset-cookie: 2"), (b"x", b"\x00"), (b"x y", b"1"), (b"x" * 9000, b"")]
)
def test_headers_that_would_break_the_answer_are_refused(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(ProtocolFault):
        response_head(200, [header], 8192)


def test_a_head_that_fits_no_packet_is_refused() -> None:
    with pytest.raises(ProtocolFault, match="8192"):
        response_head(200, [(b"x", b"1" * 8192)], 8192)
    assert response_head(200, [(b"x", b"1" * 8192)], 16384)


@pytest.mark.parametrize("packet_bytes", [8192, 65536])
@pytest.mark.parametrize("size", [0, 1, 8183, 8184, 8185, 100_000])
def test_a_body_is_cut_into_packets(size: int, packet_bytes: int) -> None:
    body = bytes(index % 251 for index in range(size))
    sent, answer = body_chunks(body, packet_bytes), Answer()
    while sent:
        length = int.from_bytes(sent[2:4], "big")
        assert length + 4 <= packet_bytes
        answer.take_part(sent[4 : length + 4])
        sent = sent[length + 4 :]
    assert answer.body == body
    assert answer.flushes == 0
