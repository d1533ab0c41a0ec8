"""The same bytes in, the same meaning out: libnghttp2 (by `ngh2`) as the oracle."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import ngh2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.wire.http2.connection import Role, Stream
from ranvier.wire.http2.headers import HeaderPairs
from tests.support.http2_peer import (
    HEAD_BLOCK,
    OK,
    OK_BLOCK,
    REQUEST,
    RESPONSE,
    Frame,
    Heard,
    Peer,
    split,
)
from tests.support.http2_script import scripts
from tests.support.scale import scaled

pytestmark = pytest.mark.soak

EXAMPLES = scaled(20_000, suite=500)


@dataclass
class Meaning:
    """What a server understood of one stream."""

    headers: HeaderPairs = ()
    data: bytes = b""
    trailers: HeaderPairs | None = None
    has_ended: bool = False
    reset_code: int | None = None


@dataclass
class Oracle:
    """A connection of libnghttp2, and what it understood."""

    role: ngh2.Role = ngh2.Role.SERVER
    meanings: dict[int, Meaning] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = ngh2.Connection(self.role)
        self.connection.initiate_connection({ngh2.Setting.MAX_CONCURRENT_STREAMS: 10_000})

    def receive(self, data: bytes) -> list[Any]:
        self.connection.receive_data(data)
        events = list(self.connection.events())
        for event in events:
            self.note(event)
        return events

    def note(self, event: Any) -> None:
        if isinstance(event, ngh2.RequestReceived | ngh2.ResponseReceived):
            meaning = self.meanings[event.stream_id] = Meaning(plain(event.headers))
            meaning.has_ended = event.end_stream
        elif isinstance(event, ngh2.DataReceived):
            meaning = self.meanings[event.stream_id]
            meaning.data += bytes(event.data)
            meaning.has_ended = event.end_stream
        elif isinstance(event, ngh2.TrailersReceived):
            self.meanings[event.stream_id].trailers = plain(event.headers)
            self.meanings[event.stream_id].has_ended = True
        elif isinstance(event, ngh2.StreamReset):
            self.meanings[event.stream_id].reset_code = event.error_code


def plain(headers: Any) -> HeaderPairs:
    return tuple((bytes(name), bytes(value)) for name, value in headers)


def meaning_of(heard: Heard) -> Meaning:
    end = heard.ends[0] if heard.ends else None
    return Meaning(
        heard.headers or (),
        bytes(heard.data),
        heard.trailers,
        heard.has_ended,
        None if end is None else end.code,
    )


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


def answers(frames: list[Frame]) -> list[tuple[str, bytes]]:
    return [(f.kind, f.payload) for f in frames if f.kind in ("PING", "SETTINGS") and f.flags & 1]


def pump(one: Any, other: Any, size: int) -> None:
    """Carry bytes both ways in pieces of this size until both are silent."""
    while True:
        there, back = one(), other()
        if not there[0] and not back[0]:
            return
        for output, receive in (there, back):
            for start in range(0, len(output), size):
                receive(output[start : start + size])


@settings(max_examples=EXAMPLES, deadline=None)
@given(scripts(), st.lists(st.integers(0, 2**20), max_size=12))
def test_both_understand_the_same(script: bytes, cuts: list[int]) -> None:
    oracle = Oracle()
    oracle.receive(script)
    peer = Peer(Role.SERVER)
    peer.connection.start()
    output = peer.connection.take_output()
    for piece in pieces(script, cuts):
        peer.connection.receive_data(piece)
        output += peer.connection.take_output()
    assert peer.connection.fault is None, peer.connection.fault
    assert {i: meaning_of(heard) for i, heard in peer.streams.items()} == oracle.meanings
    expected = split(oracle.connection.data_to_send())
    assert answers(split(output)) == answers(expected)


class EchoPeer(Peer):
    """A server of ours that sends back what it gets, in frames as they come."""

    def request_received(self, stream: Stream, headers: HeaderPairs, *, end_stream: bool) -> None:
        super().request_received(stream, headers, end_stream=end_stream)
        self.streams[stream.id] = echo = Echo(stream=stream, headers=headers)
        stream.listener = echo
        if end_stream:
            stream.respond(HEAD_BLOCK, b"", OK_BLOCK)


class Echo(Heard):
    """Answers short requests at once, longer ones piece by piece."""

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        stream = self.own
        whole = end_stream and not self.data
        if not whole and not self.data:
            stream.send_headers(RESPONSE)
        super().data_received(buffer, start, end, end_stream=end_stream)
        if whole:
            stream.respond(HEAD_BLOCK, buffer[start:end], OK_BLOCK)
            return
        stream.send_data(buffer[start:end])
        if end_stream:
            stream.send_trailers(OK_BLOCK)


bodies = st.lists(st.integers(0, 200_000) | st.integers(0, 20), min_size=1, max_size=8)
read_sizes = st.sampled_from([1_000_000, 65_536, 16_393, 1_000])


@settings(max_examples=scaled(2_000, suite=60), deadline=None)
@given(bodies, read_sizes)
def test_a_client_of_libnghttp2_talks_with_our_server(sizes: list[int], read_size: int) -> None:
    oracle = Oracle(ngh2.Role.CLIENT)
    peer = EchoPeer(Role.SERVER)
    peer.connection.start()
    sent = {}
    for size in sizes:
        stream_id = oracle.connection.send_request(list(REQUEST), end_stream=not size)
        sent[stream_id] = bytes(range(251)) * (size // 251 + 1)
        sent[stream_id] = sent[stream_id][:size]
        if size:
            oracle.connection.send_data(stream_id, sent[stream_id], end_stream=True)
    pump(
        lambda: (oracle.connection.data_to_send(), peer.connection.receive_data),
        lambda: (peer.connection.take_output(), oracle.receive),
        read_size,
    )
    expected = {i: Meaning(RESPONSE, data, OK, has_ended=True) for i, data in sent.items()}
    assert oracle.meanings == expected
    assert all(heard.ends == [None] for heard in peer.streams.values())
    assert peer.connection.buffered_bytes == 0


@settings(max_examples=scaled(2_000, suite=60), deadline=None)
@given(bodies, read_sizes)
def test_our_client_talks_with_a_server_of_libnghttp2(sizes: list[int], read_size: int) -> None:
    oracle = Oracle()
    peer = Peer(Role.CLIENT)
    peer.connection.start()
    sent = {}
    for size in sizes:
        heard = peer.open(end=not size)
        sent[heard.own.id] = (bytes(range(251)) * (size // 251 + 1))[:size]
        if size:
            heard.own.send_data(sent[heard.own.id], end_stream=True)

    def serve(data: bytes) -> None:
        for event in oracle.receive(data):
            answer(oracle.connection, event)

    pump(
        lambda: (peer.connection.take_output(), serve),
        lambda: (oracle.connection.data_to_send(), peer.connection.receive_data),
        read_size,
    )
    for stream_id, data in sent.items():
        assert oracle.meanings[stream_id] == Meaning(REQUEST, data, None, has_ended=True)
        assert meaning_of(peer.streams[stream_id]) == Meaning(RESPONSE, data, OK, has_ended=True)
        assert peer.streams[stream_id].ends == [None]
    assert peer.connection.fault is None


def answer(connection: Any, event: Any) -> None:
    """Echo, as a server of libnghttp2."""
    if isinstance(event, ngh2.RequestReceived):
        connection.send_response(event.stream_id, list(RESPONSE))
    elif isinstance(event, ngh2.DataReceived) and event.data:
        connection.send_data(event.stream_id, event.data)
    if getattr(event, "end_stream", False):
        connection.send_trailers(event.stream_id, list(OK))


@settings(max_examples=scaled(2_000, suite=60), deadline=None)
@given(bodies, read_sizes, st.integers(0, 2), st.integers(1, 300_000))
def test_our_client_talks_with_our_server(
    sizes: list[int], read_size: int, window: int, stream_window: int
) -> None:
    server = EchoPeer(Role.SERVER)
    client = Peer(Role.CLIENT)
    server.connection.start()
    client.connection.start()
    sent = {}
    for size in sizes:
        heard = client.open(end=not size)
        sent[heard.own.id] = bytes([window]) * size
        if size:
            heard.own.send_data(sent[heard.own.id], end_stream=True)
    pump(
        lambda: (client.connection.take_output(), server.connection.receive_data),
        lambda: (server.connection.take_output(), client.connection.receive_data),
        read_size,
    )
    for stream_id, data in sent.items():
        assert meaning_of(client.streams[stream_id]) == Meaning(RESPONSE, data, OK, has_ended=True)
        assert client.streams[stream_id].ends == [None]
    for connection in (server.connection, client.connection):
        assert connection.fault is None
        assert connection.buffered_bytes == 0
        assert connection.open_stream_count == 0
