"""Header blocks are read as the `hpack` package reads them."""

from __future__ import annotations

import pytest
from hpack import Decoder, Encoder, HPACKError
from hypothesis import assume, given
from hypothesis import strategies as st

from ranvier.wire.http2.errors import ConnectionFault, ErrorCode
from ranvier.wire.http2.header_table import HeaderTable
from ranvier.wire.http2.headers import HeaderPairs

FAR = 1_000_000

names = st.sampled_from(
    [b":path", b":method", b"te", b"x-trace", b"accept", b"cookie", b"n", b"long-" * 30]
) | st.binary(min_size=1, max_size=40)
values = st.sampled_from([b"", b"/", b"POST", b"trailers", b"a" * 500]) | st.binary(max_size=200)
header_lists = st.lists(st.tuples(names, values, st.booleans()), max_size=12)


def table(bytes_allowed: int = 4096) -> HeaderTable:
    return HeaderTable(bytes_allowed, FAR)


def read(under_test: HeaderTable, block: bytes) -> HeaderPairs:
    pairs, _, size = under_test.decode(block)
    assert size == sum(len(name) + len(value) + 32 for name, value in pairs)
    return tuple(pairs)


def read_by_hpack(decoder: Decoder, block: bytes) -> HeaderPairs:
    return tuple((bytes(n), bytes(v)) for n, v in decoder.decode(block, raw=True))


@given(st.lists(st.tuples(header_lists, st.booleans()), max_size=8))
def test_what_an_encoder_makes_is_read(
    lists: list[tuple[list[tuple[bytes, bytes, bool]], bool]],
) -> None:
    encoder, under_test = Encoder(), table()
    for fields, huffman in lists:
        block = encoder.encode(fields, huffman=huffman)
        assert read(under_test, block) == tuple((name, value) for name, value, _ in fields)


@given(st.lists(st.tuples(header_lists, st.integers(0, 4096) | st.none()), max_size=8))
def test_the_table_changes_size_as_the_encoder_says(
    lists: list[tuple[list[tuple[bytes, bytes, bool]], int | None]],
) -> None:
    encoder, under_test, oracle = Encoder(), table(), Decoder()
    for fields, size in lists:
        if size is not None:
            encoder.header_table_size = size
        block = encoder.encode(fields)
        assert read(under_test, block) == read_by_hpack(oracle, block)
        entries = [entry[0] for entry in reversed(under_test._entries)]
        assert entries == list(oracle.header_table.dynamic_entries)


octets = st.sampled_from(
    [0x00, 0x0F, 0x10, 0x20, 0x3F, 0x40, 0x41, 0x7F, 0x80, 0x82, 0xBE, 0xFF, 1]
)
blocks = st.binary(max_size=24) | st.lists(octets | st.integers(0, 255), max_size=16).map(bytes)


@given(st.lists(blocks, max_size=4))
def test_any_bytes_mean_the_same_to_hpack_or_are_refused_by_both(sent: list[bytes]) -> None:
    under_test, oracle = table(), Decoder(max_header_list_size=FAR)
    oracle.max_allowed_table_size = 4096
    for block in sent:
        assume(
            len(block) < 3 or any(octet & 0xE0 != 0x20 for octet in block[:3])
        )  # hpack takes any number
        try:
            expected = read_by_hpack(oracle, block)
        except HPACKError:
            with pytest.raises(ConnectionFault) as caught:
                under_test.decode(block)
            assert caught.value.error_code is ErrorCode.COMPRESSION_ERROR
            return
        assert read(under_test, block) == expected


def test_the_examples_of_the_rfc_with_eviction() -> None:
    under_test = table()
    read(under_test, b"\x3f\xe1\x01")  # the table of appendix C.6 has 256 bytes
    first = bytes.fromhex(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff"
        "6e919d29ad171863c78f0b97c8e9ae82ae43d3"
    )
    second = bytes.fromhex("4883640effc1c0bf")
    expected = (
        (b":status", b"302"),
        (b"cache-control", b"private"),
        (b"date", b"Mon, 21 Oct 2013 20:13:21 GMT"),
        (b"location", b"https://www.example.com"),
    )
    assert read(under_test, first) == expected
    assert read(under_test, second) == ((b":status", b"307"), *expected[1:])
    assert len(under_test._entries) == 4


def test_an_entry_larger_than_the_table_empties_it() -> None:
    under_test = table()
    read(under_test, Encoder().encode([(b"a", b"b")]))
    large = b"\x40\x01x\x7f\xa1\x1f" + b"v" * 4128
    assert read(under_test, large) == ((b"x", b"v" * 4128),)
    with pytest.raises(ConnectionFault):
        under_test.decode(b"\xbe")


def test_every_change_moves_the_generation() -> None:
    under_test = table()
    seen = [under_test.generation]
    for block in (b"\x40\x01a\x01b", b"\x40\x01a\x01b", b"\x20", b"\x3f\xe1\x1f"):
        under_test.decode(block)
        seen.append(under_test.generation)
    assert sorted(set(seen)) == seen
    under_test.decode(b"\x82\x00\x01a\x01b\x10\x01a\x01b")
    assert under_test.generation == seen[-1]


def test_a_list_far_over_the_limit_is_not_read_to_its_end() -> None:
    under_test = HeaderTable(4096, 100)
    with pytest.raises(ConnectionFault) as caught:
        under_test.decode(b"\x82" * 3)
    assert caught.value.error_code is ErrorCode.ENHANCE_YOUR_CALM


def test_a_larger_table_can_be_allowed() -> None:
    under_test = table(8192)
    under_test.decode(b"\x3f\xe1\x3f")
    with pytest.raises(ConnectionFault):
        under_test.decode(b"\x3f\xe2\x3f")
