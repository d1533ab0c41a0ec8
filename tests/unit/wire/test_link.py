from __future__ import annotations

import asyncio

import pytest

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.flush import Flusher
from ranvier.wire.http2.connection import Role
from ranvier.wire.http2.headers import HeaderPairs, ready_block
from ranvier.wire.http2.limits import Limits
from ranvier.wire.http2.stream import Stream
from ranvier.wire.link import Link, peer_names, together

GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
HEAD = ready_block(((b":status", b"200"),))


def request(stream_id: int) -> bytes:
    block = b"\x83\x86\x84\x01\x01a"  # POST, http, "/", the authority "a"
    return len(block).to_bytes(3, "big") + b"\1\5" + stream_id.to_bytes(4, "big") + block


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.7", 50112)})
        self.writes: list[bytes] = []
        self.is_aborted = False
        self.has_ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.is_aborted

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True

    def abort(self) -> None:
        self.is_aborted = True


class Server(Link):
    """Keeps the streams of requests."""

    def __init__(self, flusher: Flusher) -> None:
        super().__init__(Role.SERVER, Limits(), ConnectionLimits(), flusher)
        self.streams: list[Stream] = []
        self.ends: list[str] = []
        self.fails = False

    def request_received(self, stream: Stream, headers: HeaderPairs, *, end_stream: bool) -> None:
        if self.fails:
            raise ZeroDivisionError
        self.streams.append(stream)

    def ended(self, reason: str) -> None:
        self.ends.append(reason)


def connected(flusher: Flusher) -> tuple[Server, Wire]:
    link, wire = Server(flusher), Wire()
    link.connection_made(wire)
    link.data_received(GREETING)
    wire.writes.clear()
    return link, wire


async def test_all_that_one_read_caused_leaves_in_one_write() -> None:
    class Answering(Server):
        def request_received(
            self, stream: Stream, headers: HeaderPairs, *, end_stream: bool
        ) -> None:
            stream.send_headers(HEAD)
            stream.send_data(b"text", end_stream=True)

    link, wire = Answering(Flusher(asyncio.get_running_loop())), Wire()
    link.connection_made(wire)
    link.data_received(GREETING)
    wire.writes.clear()
    link.data_received(b"".join(request(stream_id) for stream_id in range(1, 65, 2)))
    assert len(wire.writes) == 1
    assert wire.writes[0].count(b"text") == 32


async def test_output_that_others_cause_leaves_in_one_write_at_the_end_of_the_pass() -> None:
    link, wire = connected(Flusher(asyncio.get_running_loop()))
    link.data_received(request(1) + request(3))
    wire.writes.clear()
    for stream in link.streams:
        stream.send_headers(HEAD)
        stream.send_data(b"text", end_stream=True)
    assert wire.writes == []
    await asyncio.sleep(0)
    assert [output.count(b"text") for output in wire.writes] == [2]


async def test_a_full_transport_gets_no_more_data_until_it_is_free() -> None:
    link, wire = connected(Flusher(asyncio.get_running_loop()))
    link.data_received(request(1))
    link.pause_writing()
    link.streams[0].send_headers(HEAD)
    link.streams[0].send_data(b"text", end_stream=True)
    await asyncio.sleep(0)
    assert b"text" not in b"".join(wire.writes)
    link.resume_writing()
    assert b"text" in b"".join(wire.writes)


async def test_a_fault_of_ours_costs_one_connection(caplog: pytest.LogCaptureFixture) -> None:
    link, wire = connected(Flusher(asyncio.get_running_loop()))
    link.fails = True
    link.data_received(request(1))
    assert wire.is_aborted
    assert "192.0.2.7:50112" in caplog.text
    link.data_received(request(3))
    link.connection_lost(None)
    assert link.ends == ["connection closed"]


async def test_a_fault_of_the_peer_is_answered_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    link, wire = connected(Flusher(asyncio.get_running_loop()))
    with caplog.at_level("INFO", "ranvier.wire"):
        link.data_received(b"\0\0\1\6\0\0\0\0\0x")
    assert wire.writes[-1][3] == 7
    assert wire.has_ended
    assert "PING not of 8 bytes" in caplog.text
    link.connection_lost(None)


async def test_a_cut_says_why_and_ends_the_streams() -> None:
    link, wire = connected(Flusher(asyncio.get_running_loop()))
    link.data_received(request(1))
    link.cut("enough")
    link.cut("twice")
    assert wire.writes[-1].endswith(b"enough")
    assert link.streams[0].is_closed
    link.connection_lost(ConnectionResetError("gone"))
    assert link.ends == ["connection lost: gone"]


@pytest.mark.parametrize(
    ("socket_address", "names"),
    [
        (("192.0.2.7", 50112), ("192.0.2.7", "192.0.2.7:50112")),
        (("2001:db8::7", 50112, 0, 0), ("2001:db8::7", "[2001:db8::7]:50112")),
        (None, ("None", "None")),
        ("/run/socket", ("/run/socket", "/run/socket")),
    ],
)
def test_peers_have_readable_names(socket_address: object, names: tuple[str, str]) -> None:
    assert peer_names(socket_address) == names


@pytest.mark.parametrize(
    ("at", "now", "shared"),
    [(100.5, 100.0, 100.5), (120.01, 100.0, 120.1), (130.0, 100.0, 130.0), (101.0, 100.0, 101.0)],
)
def test_looks_that_are_far_away_come_together(at: float, now: float, shared: float) -> None:
    assert together(at, now) == pytest.approx(shared)


async def test_a_lone_ping_is_answered_in_one_write() -> None:
    link = Server(Flusher(asyncio.get_running_loop()))
    wire = Wire()
    link.connection_made(wire)
    link.data_received(GREETING)
    wire.writes.clear()
    link.data_received(b"\0\0\x08\6\0\0\0\0\0are here")
    assert wire.writes == [b"\0\0\x08\6\1\0\0\0\0are here"]
    link.data_received(b"\0\0\x08\6\1\0\0\0\0are here")
    await asyncio.sleep(0)
    assert len(wire.writes) == 1
    link.connection_lost(None)
