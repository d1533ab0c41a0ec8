"""The memo of header blocks: each clause of its contract, by a case that goes wrong without it."""

from __future__ import annotations

import pytest
from hpack import Encoder

from ranvier.wire.http2.errors import ConnectionFault, ErrorCode
from ranvier.wire.http2.fields import CONTENT_LENGTH, INTERIM, MALFORMED, Position
from ranvier.wire.http2.header_reader import MEMO_BLOCKS, MEMO_BYTES, HeaderReader
from ranvier.wire.http2.headers import HeaderPairs, encode_block
from ranvier.wire.http2.limits import Limits
from tests.support.http2_peer import (
    OK,
    REQUEST,
    SETTINGS_ACK,
    Peer,
    frame,
    headers,
    kinds,
    server,
)

NEWEST = b"\xbe"
"""The newest entry of the dynamic table."""
GOOD = encode_block(REQUEST)


def insert(name: bytes, value: bytes) -> bytes:
    """Return a field that the peer's encoder puts into the table."""
    return b"\x40" + bytes((len(name),)) + name + bytes((len(value),)) + value


def send_block(peer: Peer, stream_id: int, block: bytes, flags: int = 0x4) -> HeaderPairs | None:
    """Send a request by its block and return what the layer above was told."""
    peer.send(frame("HEADERS", stream_id, block, flags))
    heard = peer.streams.get(stream_id)
    return None if heard is None else heard.headers


def reader(**changes: int) -> HeaderReader:
    return HeaderReader(Limits(**changes))


def recall(under_test: HeaderReader, block: bytes, position: Position = Position.REQUEST) -> object:
    return under_test.memo[position].get(block)


def test_a_repeated_block_gives_the_same_object() -> None:
    peer = server()
    first = send_block(peer, 1, GOOD)
    assert first == REQUEST
    assert send_block(peer, 3, GOOD) is first


def test_the_same_byte_means_different_headers_on_two_connections() -> None:
    one, other = server(), server()
    for peer, value in ((one, b"1"), (other, b"2")):
        send_block(peer, 1, GOOD + insert(b"x", value))
        for stream_id in (3, 5):
            found = send_block(peer, stream_id, GOOD + NEWEST)
            assert found is not None
            assert found[-1] == (b"x", value)


def test_an_insert_that_evicts_an_equal_one_leaves_length_and_size_alike() -> None:
    peer = server()
    size = 2 * (32 + 2)
    send_block(peer, 1, bytes((0x3F, size - 31)) + GOOD + insert(b"x", b"1") + insert(b"x", b"2"))
    for stream_id in (3, 5):
        found = send_block(peer, stream_id, GOOD + NEWEST)
        assert found is not None
        assert found[-1] == (b"x", b"2")
    send_block(peer, 7, GOOD + insert(b"x", b"3"))
    found = send_block(peer, 9, GOOD + NEWEST)
    assert found is not None
    assert found[-1] == (b"x", b"3")


def test_a_block_that_inserts_is_never_looked_up() -> None:
    peer = server()
    block = GOOD + insert(b"x", b"1")
    for stream_id in (1, 3, 5):
        assert send_block(peer, stream_id, block) == (*REQUEST, (b"x", b"1"))
    third_newest = b"\xc0"
    found = send_block(peer, 7, GOOD + third_newest)
    assert found is not None
    assert found[-1] == (b"x", b"1")


def test_a_block_that_resizes_the_table_is_never_looked_up() -> None:
    peer = server()
    send_block(peer, 1, GOOD + insert(b"x", b"1"))
    send_block(peer, 3, GOOD + NEWEST)
    send_block(peer, 5, b"\x20" + GOOD)
    assert send_block(peer, 7, b"\x20" + GOOD) == REQUEST
    answer = peer.send(frame("HEADERS", 9, GOOD + NEWEST, 0x4))
    assert kinds(answer) == ["GOAWAY"]
    assert answer[0].code is ErrorCode.COMPRESSION_ERROR


def test_a_block_that_comes_while_a_size_update_is_due_is_not_looked_up() -> None:
    peer = Peer(limits=Limits(header_table_bytes=100))
    peer.connection.start()
    peer.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame("SETTINGS", 0))
    send_block(peer, 1, GOOD)
    assert send_block(peer, 3, GOOD) == REQUEST  # the peer need not know of the smaller table yet
    peer.send(SETTINGS_ACK)
    (goaway,) = peer.send(frame("HEADERS", 5, GOOD, 0x4))
    assert goaway.code is ErrorCode.COMPRESSION_ERROR


def test_nor_is_it_remembered() -> None:
    under_test = reader(header_table_bytes=100)
    under_test.settings_acknowledged(100)
    under_test.read(Position.REQUEST, b"\x3f\x45" + GOOD)
    assert recall(under_test, b"\x3f\x45" + GOOD) is None
    under_test.read(Position.REQUEST, GOOD)
    assert recall(under_test, GOOD) == REQUEST


def test_a_size_update_that_is_too_large_is_no_update() -> None:
    under_test = reader(header_table_bytes=100)
    under_test.settings_acknowledged(100)
    with pytest.raises(ConnectionFault):
        under_test.read(Position.REQUEST, b"\x3f\x46" + GOOD)


def test_a_request_is_no_trailer() -> None:
    peer = server()
    send_block(peer, 1, GOOD)
    (reset,) = peer.send(frame("HEADERS", 1, GOOD, 0x5))
    assert reset.code is ErrorCode.PROTOCOL_ERROR
    trailer = encode_block(OK)
    for stream_id in (3, 5):
        peer.send(headers(stream_id), frame("HEADERS", stream_id, trailer, 0x5))
        assert peer.streams[stream_id].trailers == OK
    (reset,) = peer.send(frame("HEADERS", 7, trailer, 0x4))
    assert reset.code is ErrorCode.PROTOCOL_ERROR


def test_the_block_of_a_refused_stream_is_read() -> None:
    peer = server(concurrent_streams=1)
    send_block(peer, 1, GOOD)
    (reset,) = peer.send(frame("HEADERS", 3, GOOD + insert(b"x", b"1"), 0x4))
    assert reset.code is ErrorCode.REFUSED_STREAM
    peer.send(frame("RST_STREAM", 1, (8).to_bytes(4, "big")))
    found = send_block(peer, 5, GOOD + NEWEST)
    assert found is not None
    assert found[-1] == (b"x", b"1")


def test_and_of_one_that_was_reset_here() -> None:
    peer = server()
    send_block(peer, 1, GOOD)
    peer.stream(1).reset(ErrorCode.CANCEL)
    peer.send(frame("HEADERS", 1, encode_block(OK) + insert(b"x", b"1"), 0x5))
    found = send_block(peer, 3, GOOD + NEWEST)
    assert found is not None
    assert found[-1] == (b"x", b"1")


def test_malformed_lists_and_those_with_particulars_are_not_remembered() -> None:
    under_test = reader()
    for position, pairs, mark in (
        (Position.REQUEST, (*REQUEST, (b"content-length", b"3")), CONTENT_LENGTH),
        (Position.REQUEST, (*REQUEST, (b"Upper", b"3")), MALFORMED),
        (Position.RESPONSE, ((b":status", b"100"),), INTERIM),
    ):
        block = encode_block(pairs)
        for _ in range(2):
            _, marks = under_test.read(position, block)
            assert marks & mark
            assert recall(under_test, block, position) is None


def test_the_number_of_blocks_is_bounded() -> None:
    under_test = reader()
    for i in range(10 * MEMO_BLOCKS):
        under_test.read(Position.REQUEST, encode_block((*REQUEST, (b"x", b"%d" % i))))
        assert sum(map(len, under_test.memo)) <= MEMO_BLOCKS
    assert any(under_test.memo)


def test_the_bytes_of_blocks_are_bounded() -> None:
    under_test = reader()
    for i in range(100):
        block = encode_block((*REQUEST, (b"x", b"%d" % i * 700)))
        under_test.read(Position.REQUEST, block)
        kept = sum(len(each) for blocks in under_test.memo for each in blocks)
        assert kept <= MEMO_BYTES
    assert any(under_test.memo)


def test_a_block_over_the_bound_is_not_kept() -> None:
    under_test = HeaderReader(Limits(header_list_bytes=100_000))
    block = encode_block((*REQUEST, (b"x", b"v" * MEMO_BYTES)))
    _, marks = under_test.read(Position.REQUEST, block)
    assert not marks
    assert recall(under_test, block) is None


def test_the_memo_gives_what_reading_gives() -> None:
    encoder, peer, fresh = Encoder(), server(), HeaderReader(Limits())
    calls = [(b"x", b"%d" % (i % 3)) for i in range(40)]
    for i, call in enumerate(calls):
        block = encoder.encode([*REQUEST, call])
        expected, _ = fresh.read(Position.REQUEST, block)
        assert send_block(peer, 2 * i + 1, block) == expected
