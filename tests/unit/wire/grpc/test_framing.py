from __future__ import annotations

import gzip
import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.wire.grpc.compression import INFLATERS
from ranvier.wire.grpc.framing import Deframer, FramingFault, frame, frame_all

LIMIT = 1000
GZIP = INFLATERS[b"gzip"]


def compressed(message: bytes) -> bytes:
    packed = gzip.compress(message, mtime=0)
    return b"\x01" + len(packed).to_bytes(4, "big") + packed


def read_all(deframer: Deframer, data: bytes, cuts: list[int]) -> list[bytes]:
    messages = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        messages += deframer.feed(data, start, end)
        while deframer.has_more and deframer.fault is None:
            messages += deframer.more()
    return messages


def test_a_frame_is_a_zero_the_length_and_the_message() -> None:
    assert frame(b"abc") == b"\x00\x00\x00\x00\x03abc"
    assert frame_all([b"abc", b""]) == b"\x00\x00\x00\x00\x03abc" + b"\x00" * 5


@given(
    st.lists(st.tuples(st.binary(max_size=40), st.booleans()), max_size=12),
    st.lists(st.integers(0, 10_000), max_size=30),
)
def test_messages_come_out_as_they_went_in_wherever_the_data_is_cut(
    messages: list[tuple[bytes, bool]], cuts: list[int]
) -> None:
    data = b"".join(compressed(text) if packed else frame(text) for text, packed in messages)
    deframer = Deframer(LIMIT, GZIP)
    assert read_all(deframer, data, cuts) == [text for text, _ in messages]
    assert deframer.is_between_messages
    assert deframer.fault is None


@given(
    st.lists(st.sampled_from([0, 3, 17, 18, 40, 300]), max_size=12),
    st.lists(st.integers(0, 10_000), max_size=30),
)
def test_oversized_messages_can_be_dropped_and_the_others_still_come(
    sizes: list[int], cuts: list[int]
) -> None:
    data = frame_all(b"x" * size for size in sizes)
    deframer = Deframer(17)
    messages = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    dropped = []
    for start, end in itertools.pairwise(edges):
        messages += deframer.feed(data, start, end)
        while deframer.has_more or deframer.fault is not None:
            if deframer.fault is not None:
                dropped.append(deframer.fault_bytes)
                deframer.skip_oversized()
            messages += deframer.more()
    assert [len(message) for message in messages] == [size for size in sizes if size <= 17]
    assert dropped == [size for size in sizes if size > 17]
    assert deframer.is_between_messages


def test_the_size_of_the_incomplete_message_is_known_once_its_prefix_is_there() -> None:
    deframer = Deframer(LIMIT)
    data = frame(b"x" * 100)
    assert deframer.feed(data, 0, 3) == []
    assert deframer.message_bytes == 0
    deframer.feed(data, 3, 50)
    assert deframer.message_bytes == 105
    assert not deframer.is_between_messages
    assert deframer.feed(data, 50, 105) == [b"x" * 100]
    assert deframer.message_bytes == 0


def test_an_oversized_message_is_seen_before_it_has_come() -> None:
    deframer = Deframer(10)
    assert deframer.feed(frame(b"ab") + frame(b"x" * 11)[:5], 0, 12) == [b"ab"]
    assert deframer.fault is FramingFault.OVERSIZED
    assert deframer.fault_bytes == 11


def test_the_limit_counts_inflated_bytes_and_inflates_no_more_than_that() -> None:
    deframer = Deframer(LIMIT, GZIP)
    bomb = compressed(b"\x00" * 500_000)
    assert deframer.feed(bomb, 0, len(bomb)) == []
    assert deframer.fault is FramingFault.OVERSIZED
    assert deframer.fault_bytes == LIMIT + 1
    deframer.skip_oversized()
    rest = frame(b"still here")
    assert deframer.feed(rest, 0, len(rest)) == [b"still here"]


def test_one_compressed_message_is_inflated_at_a_time() -> None:
    deframer = Deframer(LIMIT, GZIP)
    data = compressed(b"one") + compressed(b"two") + frame(b"three")
    assert deframer.feed(data, 0, len(data)) == [b"one"]
    assert deframer.more() == [b"two"]
    assert deframer.more() == [b"three"]
    assert not deframer.has_more


@pytest.mark.parametrize(
    ("data", "encoding", "fault"),
    [
        (b"\x02\x00\x00\x00\x00", b"gzip", FramingFault.BROKEN_FLAG),
        (b"\xff\x00\x00\x00\x01a", b"identity", FramingFault.BROKEN_FLAG),
        (compressed(b"abc"), b"identity", FramingFault.UNEXPECTED_COMPRESSION),
        (b"\x01\x00\x00\x00\x03abc", b"gzip", FramingFault.BROKEN_COMPRESSION),
        (b"\x01\x00\x00\x00\x00", b"gzip", FramingFault.BROKEN_COMPRESSION),
        (compressed(b"abc"), b"deflate", FramingFault.BROKEN_COMPRESSION),
    ],
)
def test_broken_framing_stops_the_reading(
    data: bytes, encoding: bytes, fault: FramingFault
) -> None:
    deframer = Deframer(LIMIT, INFLATERS[encoding])
    assert deframer.feed(frame(b"good") + data, 0, 9 + len(data)) == [b"good"]
    assert deframer.fault is fault
    assert deframer.feed(frame(b"more"), 0, 9) == []
    deframer.skip_oversized()
    assert deframer.fault is fault


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_truncated_or_prolonged_compressed_message_is_broken(cut: int) -> None:
    packed = gzip.compress(b"some text that is compressed", mtime=0)
    for body in (packed[:-cut], packed + b"\x00" * cut):
        deframer = Deframer(LIMIT, GZIP)
        data = b"\x01" + len(body).to_bytes(4, "big") + body
        deframer.feed(data, 0, len(data))
        assert deframer.fault is FramingFault.BROKEN_COMPRESSION


def test_deflate_is_inflated_too() -> None:
    deframer = Deframer(LIMIT, INFLATERS[b"deflate"])
    packed = zlib.compress(b"text")
    data = b"\x01" + len(packed).to_bytes(4, "big") + packed
    assert deframer.feed(data, 0, len(data)) == [b"text"]


def test_dropping_lets_go_of_everything() -> None:
    deframer = Deframer(LIMIT)
    deframer.feed(frame(b"x" * 100), 0, 50)
    deframer.drop()
    assert deframer.held_bytes == 0
    assert deframer.is_between_messages
