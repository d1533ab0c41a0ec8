"""Each limit, at a small value: what is within it passes, one more does not."""

from __future__ import annotations

from dataclasses import fields

import pytest

from ranvier.wire.http2.allowance import Allowance
from ranvier.wire.http2.errors import ConnectionFault, ErrorCode, LimitsInvalid
from ranvier.wire.http2.headers import encode_block
from ranvier.wire.http2.limits import Limits
from tests.support.http2_peer import (
    HEAD_BLOCK,
    OK_BLOCK,
    REQUEST,
    SETTINGS_ACK,
    Clock,
    Frame,
    Peer,
    data,
    frame,
    headers,
    kinds,
    number,
    server,
    settings,
)

PING = frame("PING", 0, bytes(8))
CANCEL = number(8)


def assert_calm(answer: list[Frame], words: str = "") -> None:
    assert answer[-1].kind == "GOAWAY"
    assert answer[-1].code is ErrorCode.ENHANCE_YOUR_CALM
    assert words in answer[-1].payload[8:].decode()


def resets(answer: list[Frame]) -> list[tuple[int, ErrorCode]]:
    return [(each.stream_id, each.code) for each in answer if each.kind == "RST_STREAM"]


def list_bytes(pairs: tuple[tuple[bytes, bytes], ...]) -> int:
    return sum(len(name) + len(value) + 32 for name, value in pairs)


def test_concurrent_streams() -> None:
    peer = server(concurrent_streams=2)
    answer = peer.send(headers(1), headers(3, end=True), headers(5))
    assert resets(answer) == [(5, ErrorCode.REFUSED_STREAM)]
    peer.stream(3).respond(HEAD_BLOCK, b"x", OK_BLOCK)
    assert resets(peer.send(headers(7), headers(9))) == [(9, ErrorCode.REFUSED_STREAM)]
    assert sorted(peer.streams) == [1, 3, 7]


def test_concurrent_streams_when_the_header_block_is_known() -> None:
    peer = server(concurrent_streams=1)
    peer.send(headers(1), frame("RST_STREAM", 1, CANCEL))
    assert resets(peer.send(headers(3), headers(5))) == [(5, ErrorCode.REFUSED_STREAM)]


def test_header_list_bytes() -> None:
    size = list_bytes(REQUEST)
    assert resets(server(header_list_bytes=size).send(headers(1))) == []
    answer = server(header_list_bytes=size - 1).send(headers(1))
    assert resets(answer) == [(1, ErrorCode.ENHANCE_YOUR_CALM)]
    assert_calm(server(header_list_bytes=size // 4 - 1).send(headers(1)), "header list")


def test_header_list_bytes_of_trailers() -> None:
    peer = server(header_list_bytes=list_bytes(REQUEST))
    answer = peer.send(headers(1), headers(1, ((b"x", b"v" * 250),), end=True))
    assert resets(answer) == [(1, ErrorCode.ENHANCE_YOUR_CALM)]
    assert peer.streams[1].end_code == ErrorCode.ENHANCE_YOUR_CALM


def test_header_block_bytes() -> None:
    block = encode_block(REQUEST)
    good = server(header_block_bytes=len(block)).send(headers(1))
    assert good == []
    assert_calm(server(header_block_bytes=len(block) - 1).send(headers(1)), "header block")
    begun = frame("HEADERS", 1, block[:-1])
    assert_calm(server(header_block_bytes=len(block) - 2).send(begun), "header block")


def test_continuation_frames() -> None:
    begun = frame("HEADERS", 1, encode_block(REQUEST))
    more, last = frame("CONTINUATION", 1), frame("CONTINUATION", 1, b"", 0x4)
    assert server(continuation_frames=2).send(begun, more, last) == []
    assert_calm(server(continuation_frames=2).send(begun, more, more, last))


def test_header_table_bytes() -> None:
    peer = server(header_table_bytes=50)
    assert resets(peer.send(frame("HEADERS", 1, b"\x3f\x13" + encode_block(REQUEST), 4))) == []
    (goaway,) = peer.send(frame("HEADERS", 3, b"\x3f\x14" + encode_block(REQUEST), 4))
    assert goaway.code is ErrorCode.COMPRESSION_ERROR


def test_frame_payload_bytes() -> None:
    peer = server(frame_payload_bytes=20_000)
    assert kinds(peer.send(headers(1), data(1, bytes(20_000)))) == []
    (goaway,) = peer.send(data(1, bytes(20_001))[:9])  # before the frame has come whole
    assert goaway.code is ErrorCode.FRAME_SIZE_ERROR


def test_stream_window_bytes() -> None:
    peer = server(stream_window_bytes=1_000)
    peer.consumes = False
    assert resets(peer.send(headers(1), data(1, bytes(1_000)))) == []
    assert resets(peer.send(data(1, b"x"))) == [(1, ErrorCode.FLOW_CONTROL_ERROR)]


def test_buffered_bytes_per_connection() -> None:
    peer = server(buffered_bytes_per_connection=10_000)
    peer.consumes = False
    answer = peer.send(headers(1), headers(3), data(1, bytes(6_000)), data(3, bytes(4_001)))
    assert resets(answer) == [(3, ErrorCode.ENHANCE_YOUR_CALM)]
    assert peer.connection.buffered_bytes == 6_000
    assert resets(peer.send(headers(5), data(5, bytes(4_000)))) == []


def test_buffered_bytes_per_connection_of_a_peer_that_never_reads() -> None:
    peer = server(buffered_bytes_per_connection=10_000)
    peer.connection.pause_output()
    peer.on_request = lambda heard: heard.own.send_headers(((b":status", b"404"),), end_stream=True)
    answer: list[Frame] = []
    for stream_id in range(1, 20_001, 2):
        answer = peer.send(headers(stream_id, end=True))
        if peer.connection.fault:
            break
    assert_calm(answer, "does not read")
    assert peer.connection.buffered_bytes < 12_000


def test_a_peer_that_reads_again_is_forgiven() -> None:
    peer = server(control_frames_while_paused=10)
    for _ in range(5):
        peer.connection.pause_output()
        peer.send(*[settings()] * 10)
        peer.connection.resume_output()
    assert peer.connection.fault is None
    assert peer.connection.buffered_bytes == 0


def test_control_frames_while_paused() -> None:
    peer = server(control_frames_while_paused=10)
    peer.connection.pause_output()
    assert len(peer.send(*[settings()] * 10)) == 10
    assert_calm(peer.send(settings()), "never reads")


def test_resets_that_the_peer_makes() -> None:
    peer = server(reset_burst=3, resets_per_second=2)
    cancelled = [headers(i) + frame("RST_STREAM", i, CANCEL) for i in range(1, 21, 2)]
    peer.send(*cancelled[:3])
    peer.clock.now += 1.0
    assert peer.send(*cancelled[3:5]) == []
    assert_calm(peer.send(cancelled[5]), "reset")


def test_resets_that_the_peer_makes_this_side_send() -> None:
    peer = server(reset_burst=2, resets_per_second=1)
    bad = [headers(i, REQUEST[1:]) for i in range(1, 7, 2)]
    assert len(resets(peer.send(*bad[:2]))) == 2
    assert_calm(peer.send(bad[2]), "reset")


def test_resets_that_this_side_wants_do_not_count() -> None:
    peer = server(reset_burst=1, resets_per_second=1)
    peer.send(headers(1), headers(3), headers(5))
    for stream_id in (1, 3, 5):
        peer.stream(stream_id).reset(ErrorCode.CANCEL)
    assert len(resets(peer.take())) == 3
    assert peer.connection.fault is None


def test_pings_once_a_second_are_allowed_for_ever() -> None:
    peer = server()
    for _ in range(500):
        assert kinds(peer.send(PING)) == ["PING"]
        peer.clock.now += 0.9
    peer.clock.now += 60
    assert kinds(peer.send(*[PING] * 6)) == ["PING"] * 6


def test_pings_may_come_early_a_few_times() -> None:
    peer = server(ping_strikes=2, ping_interval_seconds=10)
    assert kinds(peer.send(PING, PING, PING)) == ["PING"] * 3
    assert_calm(peer.send(PING), "too_many_pings")


def test_pings_are_free_while_this_side_has_something_to_say() -> None:
    peer = server(ping_strikes=0, ping_interval_seconds=10)
    for stream_id in range(1, 41, 2):
        peer.send(headers(stream_id, end=True))
        peer.stream(stream_id).respond(HEAD_BLOCK, b"x", OK_BLOCK)
        assert kinds(peer.send(PING))[-1] == "PING"
    assert_calm(peer.send(PING), "too_many_pings")


def test_answers_to_our_pings_are_not_pings() -> None:
    peer = server(ping_strikes=0)
    for i in range(20):
        peer.connection.ping(number(i) * 2)
        peer.send(frame("PING", 0, number(i) * 2, 0x1))
    assert peer.pongs == [number(i) * 2 for i in range(20)]


def test_settings_frames() -> None:
    peer = server(settings_frame_burst=3, settings_frames_per_second=1)
    peer.send(settings(), settings())  # and one came with the hello
    peer.clock.now += 1
    assert kinds(peer.send(settings())) == ["SETTINGS"]
    assert_calm(peer.send(settings()), "SETTINGS")


def test_settings_per_frame() -> None:
    peer = server(settings_per_frame=2)
    assert kinds(peer.send(settings((9, 1), (9, 1)))) == ["SETTINGS"]
    assert_calm(peer.send(settings((9, 1), (9, 1), (9, 1))), "settings")


def test_empty_data_frames() -> None:
    peer = server(empty_data_frame_burst=2, empty_data_frames_per_second=1)
    peer.send(headers(1), data(1), data(1))
    peer.clock.now += 1
    assert peer.send(data(1)) == []
    assert_calm(peer.send(data(1)), "empty DATA")


def test_window_updates_without_need() -> None:
    peer = server(idle_window_update_burst=2, idle_window_updates_per_second=1)
    update = frame("WINDOW_UPDATE", 0, number(10))
    peer.send(update, update)
    peer.clock.now += 1
    assert peer.send(update) == []
    assert_calm(peer.send(update), "window updates")


def test_window_updates_for_what_was_sent_are_free() -> None:
    peer = server(idle_window_update_burst=1, idle_window_updates_per_second=1)
    for stream_id in range(1, 41, 2):
        peer.send(headers(stream_id, end=True))
        peer.stream(stream_id).respond(HEAD_BLOCK, bytes(10), OK_BLOCK)
        peer.send(frame("WINDOW_UPDATE", 0, number(10)))
    assert peer.connection.fault is None


@pytest.mark.parametrize(
    "ignored",
    [frame("PRIORITY", 3, bytes(5)), frame(0x20, 0), frame("RST_STREAM", 1, CANCEL)],
    ids=["PRIORITY", "unknown", "late RST_STREAM"],
)
def test_frames_without_effect(ignored: bytes) -> None:
    peer = server(ignored_frame_burst=2, ignored_frames_per_second=1)
    peer.send(headers(1), frame("RST_STREAM", 1, CANCEL), ignored, ignored)
    peer.clock.now += 1
    assert peer.send(ignored) == []
    assert_calm(peer.send(ignored), "without effect")


def test_remembered_resets() -> None:
    peer = server(remembered_resets=2)
    peer.send(*[headers(i) for i in (1, 3, 5, 7)])
    for stream_id in (1, 3, 5, 7):
        peer.stream(stream_id).reset(ErrorCode.CANCEL)
    peer.take()
    assert len(peer.connection._state.closed_streams._resets) == 2
    assert peer.send(*[data(i, b"late") for i in (1, 3, 5, 7)]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"frame_payload_bytes": 16_383},
        {"frame_payload_bytes": 2**24},
        {"stream_window_bytes": 0},
        {"stream_window_bytes": 2**31},
        {"connection_window_bytes": 2**31},
        {"header_table_bytes": -1},
        {"header_table_bytes": 65_537},
        {"concurrent_streams": -1},
        {"header_list_bytes": 0},
        {"ping_interval_seconds": 0.0},
        {"low_water_bytes": 0},
        {"output_chunk_bytes": 0},
    ],
)
def test_impossible_values_are_refused_by_name(change: dict[str, int]) -> None:
    (field,) = change
    with pytest.raises(LimitsInvalid, match=field):
        Limits(**change)


def test_the_defaults_are_those_that_clients_live_with() -> None:
    limits = Limits()
    assert limits.concurrent_streams == 10_000
    assert limits.buffered_bytes_per_connection == 16 * 1024 * 1024
    assert limits.ping_interval_seconds == 0.9


def test_every_limit_says_what_it_counts() -> None:
    units = ("_bytes", "_seconds", "_per_second", "_burst", "_frames", "_per_connection")
    counts = ("concurrent_streams", "ping_strikes", "remembered_resets", "settings_per_frame")
    others = ("control_frames_while_paused",)
    for field in fields(Limits):
        assert field.name.endswith(units) or field.name in counts + others


def test_an_allowance_fills_up_but_not_beyond_its_burst() -> None:
    clock = Clock()
    allowance = Allowance("tests", 2, 4, clock)
    clock.now += 100
    allowance.use()
    allowance.use()
    with pytest.raises(ConnectionFault, match="too many tests"):
        allowance.use()
    clock.now += 0.25
    allowance.use()
    with pytest.raises(ConnectionFault):
        allowance.use()
    allowance.refill()
    allowance.use()


def test_greeting_is_needed_once_only() -> None:
    peer = Peer()
    assert not peer.is_established()
    peer.greet()
    assert peer.is_established()
    (goaway,) = peer.send(SETTINGS_ACK)
    assert goaway.code is ErrorCode.PROTOCOL_ERROR
