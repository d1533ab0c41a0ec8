"""Streams share the connection and the transport, in turns and in bounded memory."""

from __future__ import annotations

from ranvier.wire.http2.errors import ErrorCode
from tests.support.http2_peer import (
    HEAD_BLOCK,
    frame,
    headers,
    kinds,
    number,
    payloads,
    server,
    sizes,
    window_update,
)

WINDOW = 65_535


def test_streams_take_turns_frame_by_frame() -> None:
    peer = server()
    peer.answering(1, 3, 5)
    peer.connection.pause_output()
    for stream_id, size in ((1, 100_000), (3, 40_000), (5, 20_000)):
        peer.stream(stream_id).send_data(bytes(size), end_stream=True)
    peer.send(window_update(0, 1_000_000), *(window_update(i, 1_000_000) for i in (1, 3, 5)))
    peer.connection.resume_output()
    order = [each.stream_id for each in peer.take()]
    assert order == [1, 3, 5, 1, 3, 5, 1, 3, 1, 1, 1, 1]


def test_a_stream_that_came_late_is_not_starved_by_one_with_much_to_send() -> None:
    peer = server()
    peer.answering(1, 3)
    peer.send(window_update(1, 10_000_000), window_update(3, 10_000_000))
    peer.stream(1).send_data(bytes(1_000_000))
    peer.take()
    peer.stream(3).send_data(bytes(1_000_000))
    shares = {1: 0, 3: 0}
    for _ in range(20):
        for each in peer.send(window_update(0, 32_768)):
            shares[each.stream_id] += len(each.payload)
    assert abs(shares[1] - shares[3]) <= 16_384


def test_a_full_transport_holds_data_back_but_not_answers_without() -> None:
    peer = server()
    peer.answering(1)
    peer.connection.pause_output()
    peer.stream().send_data(b"data")
    assert kinds(peer.send(frame("PING", 0, bytes(8)))) == ["PING"]
    peer.connection.resume_output()
    assert payloads(peer.take(), 1) == b"data"


def test_one_take_passes_a_bounded_chunk_and_asks_to_be_called_again() -> None:
    peer = server(output_chunk_bytes=100_000)
    peer.answering(1)
    peer.send(window_update(0, 1_000_000), window_update(1, 1_000_000))
    peer.stream().send_data(bytes(250_000))
    taken = []
    while True:
        ready = peer.ready_count
        taken.append(sum(sizes(peer.take())))
        if peer.ready_count == ready:
            break
    assert taken == [100_000, 100_000, 50_000]


def test_parts_sent_directly_are_bounded_by_the_chunk_too() -> None:
    peer = server(output_chunk_bytes=20_000)
    peer.answering(1)
    for _ in range(3):
        peer.stream().send_data(bytes(10_000))
    assert peer.stream().queued_bytes == 10_000
    assert sum(sizes(peer.take())) == 30_000


def test_the_layer_is_told_once_that_there_is_output() -> None:
    peer = server()
    peer.answering(1, 3)
    before = peer.ready_count
    for stream_id in (1, 3, 1):
        peer.stream(stream_id).send_data(b"x")
    peer.connection.ping(bytes(8))
    assert peer.ready_count == before + 1
    peer.take()
    peer.stream(1).reset(ErrorCode.CANCEL)
    assert peer.ready_count == before + 2


def test_what_reading_causes_is_not_announced() -> None:
    peer = server()
    before = peer.ready_count
    peer.on_request = lambda heard: heard.own.send_headers(HEAD_BLOCK)
    peer.connection.receive_data(headers(1) + frame("PING", 0, bytes(8)))
    assert peer.ready_count == before
    assert kinds(peer.take()) == ["HEADERS", "PING"]


def test_a_stream_is_writable_once_its_queue_is_low_again() -> None:
    peer = server(low_water_bytes=10_000)
    peer.answering(1)
    heard = peer.streams[1]
    peer.stream().send_data(bytes(WINDOW))
    peer.take()
    assert heard.writable_count == 1
    peer.stream().send_data(bytes(9_000))
    peer.stream().send_data(bytes(9_000))
    peer.send(window_update(0, 100_000), window_update(1, 8_000))
    assert heard.writable_count == 1
    peer.send(window_update(1, 1))
    assert heard.writable_count == 2
    peer.send(window_update(1, 9_999))
    assert heard.writable_count == 2


def test_a_short_queue_never_tells_that_it_is_low() -> None:
    peer = server()
    peer.answering(1)
    peer.connection.pause_output()
    peer.stream().send_data(bytes(1_000))
    peer.connection.resume_output()
    peer.take()
    assert peer.streams[1].writable_count == 0


def test_a_producer_may_send_more_as_soon_as_it_is_told() -> None:
    peer = server(low_water_bytes=1_000)
    peer.answering(1)
    peer.send(window_update(0, 10_000_000), window_update(1, 10_000_000))
    stream, left = peer.stream(), [20]

    def produce() -> None:
        while left[0] and stream.queued_bytes < 1_000:
            left[0] -= 1
            stream.send_data(bytes(50_000))
        if not left[0]:
            stream.send_data(b"", end_stream=True)
            peer.streams[1].on_writable = None

    peer.streams[1].on_writable = produce
    produce()
    total = 0
    while peer.streams[1].ends == []:
        total += sum(sizes(peer.take()))
    assert total == 20 * 50_000


def test_a_slow_reader_stops_only_its_own_stream() -> None:
    peer = server()
    peer.answering(1, 3)
    peer.send(window_update(0, 10_000_000))
    peer.stream(1).send_data(bytes(1_000_000))
    peer.take()
    peer.stream(3).send_data(b"quick")
    assert payloads(peer.take(), 3) == b"quick"


def test_what_would_exceed_the_budget_resets_its_stream_only() -> None:
    peer = server(buffered_bytes_per_connection=100_000)
    peer.answering(1, 3)
    peer.connection.pause_output()
    peer.stream(3).send_data(bytes(60_000))
    peer.stream(1).send_data(bytes(40_001))
    assert peer.streams[1].end_code == ErrorCode.ENHANCE_YOUR_CALM
    assert peer.streams[3].ends == []
    assert peer.connection.buffered_bytes == 60_000
    (reset,) = peer.take()
    assert [reset.kind, reset.stream_id] == ["RST_STREAM", 1]


def test_streams_that_were_reset_leave_the_line() -> None:
    peer = server()
    peer.answering(1, 3)
    peer.stream(1).send_data(bytes(WINDOW))
    peer.take()
    for _ in range(2):
        peer.stream(3).send_data(b"x")
    peer.send(frame("RST_STREAM", 3, number(8)))
    assert not peer.connection._state.outbound._waiting
    assert peer.connection.buffered_bytes == 0
