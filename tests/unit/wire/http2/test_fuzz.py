"""Any bytes, in any pieces: no exception, no unbounded buffer, no difference by the pieces."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.wire.http2.connection import Role, Stream
from ranvier.wire.http2.errors import ErrorCode, StreamMisuse
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.limits import Limits
from tests.support.http2_peer import (
    HEAD_BLOCK,
    HELLO,
    OK_BLOCK,
    RESPONSE,
    SETTINGS_ACK,
    Frame,
    Peer,
    frame,
    headers,
    split,
)
from tests.support.http2_peer import settings as settings_frame
from tests.support.http2_script import scripts
from tests.support.scale import scaled

pytestmark = pytest.mark.soak

SMALL = Limits(
    concurrent_streams=5,
    header_list_bytes=1_000,
    header_block_bytes=2_000,
    stream_window_bytes=20_000,
    buffered_bytes_per_connection=60_000,
    output_chunk_bytes=8_000,
    low_water_bytes=1_000,
    reset_burst=20,
    remembered_resets=3,
    settings_frame_burst=10,
    empty_data_frame_burst=5,
    idle_window_update_burst=20,
    ignored_frame_burst=20,
    control_frames_while_paused=10,
)

stream_ids = st.sampled_from([0, 1, 2, 3, 5, 7, 9, 2**31 - 1, 2**31 + 1])
some_flags = st.sampled_from([0, 1, 4, 5, 8, 9, 0x0D, 0x20, 0x25, 0x2D, 0xFF])
tail = st.binary(max_size=60)
numbers = st.sampled_from([0, 1, 5, 1_000, 65_535, 2**31 - 1, 2**31, 2**32 - 1])
header_tails = tail | st.sampled_from(
    [headers(1)[9:], headers(1, RESPONSE)[9:], headers(1)[9:] + b"\x40\x01x\x01v", b"\x20", b"\xbe"]
)
odd_frames = st.one_of(
    st.builds(frame, st.integers(0, 12), stream_ids, tail, some_flags),
    st.builds(
        frame, st.sampled_from(["HEADERS", "CONTINUATION"]), stream_ids, header_tails, some_flags
    ),
    st.builds(
        lambda kind, stream_id, value, more: frame(
            kind, stream_id, value.to_bytes(4, "big") + more
        ),
        st.sampled_from(["WINDOW_UPDATE", "RST_STREAM", "GOAWAY", "PING"]),
        stream_ids,
        numbers,
        st.sampled_from([b"", b"", bytes(4)]),
    ),
    st.builds(lambda key, value: settings_frame((key, value)), st.integers(0, 8), numbers),
    st.builds(lambda size: frame("DATA", 1, bytes(size)), st.integers(0, 16_400)),
)
frame_soup = st.lists(odd_frames, max_size=25).map(b"".join)
changes = st.lists(
    st.tuples(st.integers(0, 2**20), st.integers(0, 255), st.sampled_from(["set", "cut", "add"])),
    min_size=1,
    max_size=6,
)
cut_places = st.lists(st.integers(0, 2**20), max_size=30)


class Chaos(Peer):
    """A layer above that does anything it may, at random."""

    def __init__(self, role: Role, seed: int) -> None:
        super().__init__(role, SMALL)
        self.random = Random(seed)

    def act(self) -> None:
        for heard in list(self.streams.values()):
            if self.random.random() < 0.5:
                with suppress(StreamMisuse):
                    self.act_on(heard.own)
        if self.random.random() < 0.1:
            self.connection.pause_output()
        if self.random.random() < 0.2:
            self.connection.resume_output()
        if self.random.random() < 0.05:
            self.connection.shut_down()
        if self.role is Role.CLIENT and self.connection.can_open_stream:
            self.open(end=self.random.random() < 0.5)

    def act_on(self, stream: Stream) -> None:
        choice = self.random.randrange(8)
        size = self.random.choice((0, 5, 3_000, 40_000))
        if choice == 0:
            stream.respond(HEAD_BLOCK, bytes(size), OK_BLOCK)
        elif choice == 1:
            stream.send_headers(RESPONSE, end_stream=size == 0)
        elif choice <= 4:
            stream.send_data(bytes(size), end_stream=choice == 2)
        elif choice == 5:
            stream.send_trailers(OK_BLOCK)
        elif choice == 6:
            stream.reset(ErrorCode.CANCEL)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


def mutate(data: bytes, edits: list[tuple[int, int, str]]) -> bytes:
    changed = bytearray(data)
    for place, octet, what in edits:
        at = place % (len(changed) + 1)
        if what == "add":
            changed.insert(at, octet)
        elif at < len(changed):
            if what == "set":
                changed[at] = octet
            else:
                del changed[at : at + octet % 8 + 1]
    return bytes(changed)


def survive(peer: Chaos, data: bytes, cuts: list[int]) -> None:
    """Feed the bytes and check what must hold whatever they are."""
    peer.connection.start()
    most = SMALL.buffered_bytes_per_connection + SMALL.header_block_bytes + 2 * 16_384 + 10_000
    for piece in pieces(data, cuts):
        peer.connection.receive_data(piece)
        peer.act()
        split(peer.connection.take_output())
        peer.clock.now += 0.01
        assert 0 <= peer.connection.buffered_bytes <= most
        assert peer.connection.open_stream_count <= SMALL.concurrent_streams or (
            peer.role is Role.CLIENT
        )
        assert len(peer.connection._state.outbound._waiting) <= peer.connection.open_stream_count
    peer.connection.transport_lost()
    assert peer.connection.open_stream_count == 0
    assert peer.connection._state.outbound.buffered_bytes == 0
    assert all(len(heard.ends) == 1 for heard in peer.streams.values())


@settings(max_examples=scaled(50_000, suite=300), deadline=None)
@given(st.binary(max_size=300), st.booleans(), st.booleans(), st.integers(0, 999), cut_places)
def test_random_bytes(
    data: bytes, greeted: bool, is_server: bool, seed: int, cuts: list[int]
) -> None:
    hello = HELLO if is_server else settings_frame()
    role = Role.SERVER if is_server else Role.CLIENT
    survive(Chaos(role, seed), (hello if greeted else b"") + data, cuts)


@settings(max_examples=scaled(50_000, suite=500), deadline=None)
@given(frame_soup, st.booleans(), st.integers(0, 999), cut_places)
def test_random_frames(data: bytes, is_server: bool, seed: int, cuts: list[int]) -> None:
    hello = HELLO if is_server else settings_frame()
    survive(Chaos(Role.SERVER if is_server else Role.CLIENT, seed), hello + data, cuts)


@settings(max_examples=scaled(50_000, suite=400), deadline=None)
@given(scripts(), changes, st.integers(0, 999), cut_places)
def test_mutated_scripts(
    script: bytes, edits: list[tuple[int, int, str]], seed: int, cuts: list[int]
) -> None:
    survive(Chaos(Role.SERVER, seed), mutate(script, edits), cuts)


def understood(data: bytes, cuts: list[int]) -> tuple[Any, list[Frame], Any]:
    """Return what a server understood, answered and ended with, window updates left out."""
    peer = Peer(Role.SERVER, SMALL)
    peer.connection.start()
    output = b""
    for piece in pieces(data, cuts):
        peer.connection.receive_data(piece)
        output += peer.connection.take_output()
    streams = {
        stream_id: (heard.headers, bytes(heard.data), heard.trailers, heard.has_ended, heard.ends)
        for stream_id, heard in peer.streams.items()
    }
    fault = peer.connection.fault
    said = [each for each in split(output) if each.kind != "WINDOW_UPDATE"]
    return streams, said, None if fault is None else fault.error_code


@settings(max_examples=scaled(20_000, suite=300), deadline=None)
@given(frame_soup, cut_places)
def test_the_pieces_in_which_frames_come_make_no_difference(data: bytes, cuts: list[int]) -> None:
    whole = HELLO + SETTINGS_ACK + data
    assert understood(whole, cuts) == understood(whole, [])


@settings(max_examples=scaled(5_000, suite=100), deadline=None)
@given(scripts(), changes, cut_places)
def test_nor_do_those_of_broken_scripts(
    script: bytes, edits: list[tuple[int, int, str]], cuts: list[int]
) -> None:
    broken = mutate(script, edits)
    assert understood(broken, cuts) == understood(broken, [])


def test_frame_by_byte_is_the_same_as_all_at_once() -> None:
    pairs: HeaderPairs = ((b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"))
    sent = HELLO + SETTINGS_ACK + headers(1, pairs) + frame("DATA", 1, b"\x02ab\0\0", 0x9)
    assert understood(sent, list(range(len(sent)))) == understood(sent, [])
