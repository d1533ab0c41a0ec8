"""The header blocks that this side makes."""

from __future__ import annotations

import pytest
from hpack import Decoder
from hypothesis import given
from hypothesis import strategies as st

from ranvier.wire.http2.headers import (
    HeaderPairs,
    encode_block,
    encode_integer,
    ready_block,
    table_size_update,
)
from tests.support.http2_peer import (
    HEAD_BLOCK,
    OK_BLOCK,
    RESPONSE,
    Frame,
    client,
    headers,
    server,
    settings,
)

names = st.sampled_from([b":path", b":method", b"te", b"cookie", b"age", b"vary"]) | st.binary(
    min_size=1, max_size=300
)
lists = st.lists(st.tuples(names, st.binary(max_size=300)), max_size=8).map(tuple)


def read(block: bytes) -> HeaderPairs:
    decoder = Decoder(max_header_list_size=1_000_000)
    return tuple((bytes(n), bytes(v)) for n, v in decoder.decode(block, raw=True))


@given(lists)
def test_another_decoder_reads_what_was_encoded(pairs: HeaderPairs) -> None:
    assert read(encode_block(pairs)) == pairs


@given(lists)
def test_a_block_uses_no_dynamic_table(pairs: HeaderPairs) -> None:
    decoder = Decoder(max_header_list_size=1_000_000)
    block = ready_block(pairs).block
    first = decoder.decode(block, raw=True)
    assert decoder.decode(block, raw=True) == first
    assert not decoder.header_table.dynamic_entries


def test_static_entries_take_one_byte() -> None:
    assert encode_block(((b":method", b"POST"), (b":status", b"200"))) == b"\x83\x88"


@pytest.mark.parametrize("name", [b"authorization", b"cookie", b"axoniq-access-token"])
def test_secrets_are_marked_never_to_be_indexed(name: bytes) -> None:
    assert encode_block(((name, b"secret"),))[0] & 0xF0 == 0x10


@pytest.mark.parametrize(
    ("number", "prefix_max", "expected"),
    [
        (10, 31, "0a"),
        (1337, 31, "1f9a0a"),
        (30, 31, "1e"),
        (31, 31, "1f00"),
        (127 + 128, 127, "7f8001"),
    ],
)
def test_integers(number: int, prefix_max: int, expected: str) -> None:
    assert encode_integer(number, prefix_max, 0).hex() == expected


def header_frames(frames: list[Frame]) -> list[Frame]:
    return [each for each in frames if each.kind == "HEADERS"]


def test_a_lowered_table_is_announced_by_the_next_block() -> None:
    peer = server()
    peer.send(settings((1, 100)), headers(1, end=True), headers(3, end=True))
    for stream_id, lead in ((1, table_size_update(100)), (3, b"")):
        peer.stream(stream_id).respond(HEAD_BLOCK, b"x", OK_BLOCK)
        first, last = header_frames(peer.take())
        assert first.payload == lead + HEAD_BLOCK.block
        assert last.payload == OK_BLOCK.block
        assert peer.decode(first.payload) == RESPONSE


def test_and_so_by_a_request() -> None:
    peer = client()
    peer.send(settings((1, 0)))
    peer.open()
    peer.open()
    first, second = header_frames(peer.take())
    assert first.payload == b"\x20" + second.payload


def test_the_smallest_table_is_announced_and_kept() -> None:
    peer = server()
    peer.send(settings((1, 50), (1, 4096)), settings((1, 60)), headers(1))
    peer.stream().send_headers(HEAD_BLOCK)
    assert peer.take()[-1].payload == table_size_update(50) + HEAD_BLOCK.block


def test_a_larger_table_needs_no_word() -> None:
    peer = server()
    peer.send(settings((1, 100_000)), headers(1))
    peer.stream().send_headers(HEAD_BLOCK)
    assert peer.take()[-1].payload == HEAD_BLOCK.block


def test_a_long_block_is_cut_into_frames() -> None:
    peer = server()
    peer.send(headers(1))
    pairs = (*RESPONSE, (b"x", b"v" * 40_000))
    peer.stream().send_headers(pairs, end_stream=True)
    frames = peer.take()
    assert [each.kind for each in frames] == ["HEADERS", "CONTINUATION", "CONTINUATION"]
    assert [each.flags for each in frames] == [0x1, 0, 0x4]
    assert max(len(each.payload) for each in frames) == 16_384
    assert read(b"".join(each.payload for each in frames)) == pairs
