"""DATA leaves as windows, frame sizes and turns allow."""

from __future__ import annotations

import pytest

from ranvier.wire.http2.errors import ErrorCode, StreamMisuse
from tests.support.http2_peer import (
    HEAD_BLOCK,
    OK,
    OK_BLOCK,
    RESPONSE,
    Frame,
    Heard,
    Peer,
    frame,
    headers,
    kinds,
    number,
    payloads,
    server,
    settings,
)

WINDOW = 65_535


def answering(peer: Peer, *stream_ids: int) -> None:
    """Open streams and send their response headers."""
    for stream_id in stream_ids:
        peer.send(headers(stream_id, end=True))
        peer.stream(stream_id).send_headers(HEAD_BLOCK)
    peer.take()


def update(stream_id: int, increment: int) -> bytes:
    return frame("WINDOW_UPDATE", stream_id, number(increment))


def sizes(frames: list[Frame]) -> list[int]:
    return [len(each.payload) for each in frames]


def test_an_answer_at_once_and_an_answer_in_parts_are_the_same_bytes() -> None:
    outputs = []
    for at_once in (True, False):
        peer = server()
        peer.send(headers(1, end=True))
        stream = peer.stream()
        if at_once:
            stream.respond(HEAD_BLOCK, b"hello", OK_BLOCK)
        else:
            stream.send_headers(RESPONSE)
            stream.send_data(b"hello")
            stream.send_trailers(OK)
        outputs.append(peer.take())
        assert peer.streams[1].ends == [None]
        assert peer.connection.open_stream_count == 0
    assert outputs[0] == outputs[1]
    assert [(each.kind, each.flags) for each in outputs[0]] == [
        ("HEADERS", 4),
        ("DATA", 0),
        ("HEADERS", 5),
    ]


def test_an_answer_longer_than_a_frame_is_cut_to_the_size_that_the_peer_takes() -> None:
    peer = server()
    peer.send(settings((5, 20_000)), headers(1, end=True))
    peer.stream().respond(HEAD_BLOCK, bytes(50_000), OK_BLOCK)
    head, *data, trailers = peer.take()
    assert sizes(data) == [20_000, 20_000, 10_000]
    assert [head.flags, trailers.flags] == [4, 5]
    assert peer.streams[1].ends == [None]


def test_data_stops_at_the_window_of_the_stream() -> None:
    peer = server()
    answering(peer, 1)
    peer.send(update(0, 1_000_000))
    stream = peer.stream()
    stream.send_data(bytes(WINDOW + 10))
    stream.send_trailers(OK)
    assert sum(sizes(peer.take())) == WINDOW
    assert stream.queued_bytes == 10
    assert sizes(peer.send(update(1, 4))) == [4]
    last = peer.send(update(1, 100))
    assert kinds(last) == ["DATA", "HEADERS"]
    assert [len(last[0].payload), last[1].flags] == [6, 5]
    assert peer.streams[1].ends == [None]


def test_data_stops_at_the_window_of_the_connection() -> None:
    peer = server()
    answering(peer, 1, 3)
    peer.send(update(1, 1_000_000), update(3, 1_000_000))
    peer.stream(1).send_data(bytes(WINDOW))
    peer.take()
    peer.stream(3).send_data(b"x")
    assert payloads(peer.take(), 3) == b""
    assert payloads(peer.send(update(0, 1)), 3) == b"x"


def test_the_end_of_the_stream_comes_with_the_last_data() -> None:
    peer = server()
    answering(peer, 1)
    peer.stream().send_data(bytes(20_000), end_stream=True)
    assert [(len(f.payload), f.flags) for f in peer.take()] == [(16_384, 0), (3_616, 1)]
    assert peer.streams[1].ends == [None]


@pytest.mark.parametrize("is_queued", [False, True])
def test_an_end_without_data_needs_no_window(is_queued: bool) -> None:
    peer = server()
    answering(peer, 1)
    stream = peer.stream()
    stream.send_data(bytes(WINDOW))
    if not is_queued:
        peer.take()
    stream.send_data(b"", end_stream=True)
    assert peer.take()[-1].flags == 1
    assert peer.streams[1].ends == [None]


def test_nothing_is_sent_for_empty_data() -> None:
    peer = server()
    answering(peer, 1)
    peer.stream().send_data(b"")
    assert peer.take() == []


def test_a_smaller_initial_window_may_make_windows_negative() -> None:
    peer = server()
    answering(peer, 1)
    stream = peer.stream()
    stream.send_data(bytes(60_000))
    peer.take()
    peer.send(settings((4, 1_000)))
    assert stream.send_window == 1_000 - 60_000
    stream.send_data(b"later")
    assert payloads(peer.send(update(1, 59_000)), 1) == b""
    assert payloads(peer.send(update(1, 1)), 1) == b"l"
    assert payloads(peer.send(settings((4, 1_010))), 1) == b"ater"


def test_a_stream_in_the_line_may_lose_its_window_there() -> None:
    peer = server()
    answering(peer, 1, 3)
    peer.stream(1).send_data(bytes(WINDOW))
    peer.take()
    peer.stream(3).send_data(b"waiting")
    peer.send(settings((4, 0)))
    assert peer.send(update(0, 100)) == []
    assert payloads(peer.send(update(3, 3)), 3) == b"wai"
    assert peer.stream(1).send_share(10) is False


def test_a_larger_initial_window_lets_queued_data_go() -> None:
    peer = server()
    peer.send(settings((4, 0)))
    answering(peer, 1)
    peer.stream().send_data(b"waiting")
    assert peer.take() == []
    assert payloads(peer.send(settings((4, 100))), 1) == b"waiting"


def test_streams_take_turns_frame_by_frame() -> None:
    peer = server()
    answering(peer, 1, 3, 5)
    peer.connection.pause_output()
    for stream_id, size in ((1, 100_000), (3, 40_000), (5, 20_000)):
        peer.stream(stream_id).send_data(bytes(size), end_stream=True)
    peer.send(update(0, 1_000_000), *(update(i, 1_000_000) for i in (1, 3, 5)))
    peer.connection.resume_output()
    order = [each.stream_id for each in peer.take()]
    assert order == [1, 3, 5, 1, 3, 5, 1, 3, 1, 1, 1, 1]


def test_a_stream_that_came_late_is_not_starved_by_one_with_much_to_send() -> None:
    peer = server()
    answering(peer, 1, 3)
    peer.send(update(1, 10_000_000), update(3, 10_000_000))
    peer.stream(1).send_data(bytes(1_000_000))
    peer.take()
    peer.stream(3).send_data(bytes(1_000_000))
    shares = {1: 0, 3: 0}
    for _ in range(20):
        for each in peer.send(update(0, 32_768)):
            shares[each.stream_id] += len(each.payload)
    assert abs(shares[1] - shares[3]) <= 16_384


def test_small_parts_share_frames() -> None:
    peer = server()
    answering(peer, 1)
    peer.connection.pause_output()
    for i in range(1_000):
        peer.stream().send_data(b"%04d" % i)
    peer.connection.resume_output()
    (only,) = peer.take()
    assert only.payload == b"".join(b"%04d" % i for i in range(1_000))


def test_a_full_transport_holds_data_back_but_not_answers_without() -> None:
    peer = server()
    answering(peer, 1)
    peer.connection.pause_output()
    peer.stream().send_data(b"data")
    assert kinds(peer.send(frame("PING", 0, bytes(8)))) == ["PING"]
    peer.connection.resume_output()
    assert payloads(peer.take(), 1) == b"data"


def test_one_take_passes_a_bounded_chunk_and_asks_to_be_called_again() -> None:
    peer = server(output_chunk_bytes=100_000)
    answering(peer, 1)
    peer.send(update(0, 1_000_000), update(1, 1_000_000))
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
    answering(peer, 1)
    for _ in range(3):
        peer.stream().send_data(bytes(10_000))
    assert peer.stream().queued_bytes == 10_000
    assert sum(sizes(peer.take())) == 30_000


def test_the_layer_is_told_once_that_there_is_output() -> None:
    peer = server()
    answering(peer, 1, 3)
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
    answering(peer, 1)
    heard = peer.streams[1]
    peer.stream().send_data(bytes(WINDOW))
    peer.take()
    assert heard.writable_count == 1
    peer.stream().send_data(bytes(9_000))
    peer.stream().send_data(bytes(9_000))
    peer.send(update(0, 100_000), update(1, 8_000))
    assert heard.writable_count == 1
    peer.send(update(1, 1))
    assert heard.writable_count == 2
    peer.send(update(1, 9_999))
    assert heard.writable_count == 2


def test_a_short_queue_never_tells_that_it_is_low() -> None:
    peer = server()
    answering(peer, 1)
    peer.connection.pause_output()
    peer.stream().send_data(bytes(1_000))
    peer.connection.resume_output()
    peer.take()
    assert peer.streams[1].writable_count == 0


def test_a_producer_may_send_more_as_soon_as_it_is_told() -> None:
    peer = server(low_water_bytes=1_000)
    answering(peer, 1)
    peer.send(update(0, 10_000_000), update(1, 10_000_000))
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
    answering(peer, 1, 3)
    peer.send(update(0, 10_000_000))
    peer.stream(1).send_data(bytes(1_000_000))
    peer.take()
    peer.stream(3).send_data(b"quick")
    assert payloads(peer.take(), 3) == b"quick"


def test_what_would_exceed_the_budget_resets_its_stream_only() -> None:
    peer = server(buffered_bytes_per_connection=100_000)
    answering(peer, 1, 3)
    peer.connection.pause_output()
    peer.stream(3).send_data(bytes(60_000))
    peer.stream(1).send_data(bytes(40_001))
    assert peer.streams[1].end_code == ErrorCode.ENHANCE_YOUR_CALM
    assert peer.streams[3].ends == []
    assert peer.connection.buffered_bytes == 60_000
    (reset,) = peer.take()
    assert [reset.kind, reset.stream_id] == ["RST_STREAM", 1]


def test_a_reset_drops_what_is_queued() -> None:
    peer = server()
    answering(peer, 1)
    peer.connection.pause_output()
    peer.stream().send_data(bytes(1_000))
    peer.stream().reset(ErrorCode.CANCEL)
    assert peer.connection.buffered_bytes == 0
    peer.connection.resume_output()
    assert kinds(peer.take()) == ["RST_STREAM"]


def test_streams_that_were_reset_leave_the_line() -> None:
    peer = server()
    answering(peer, 1, 3)
    peer.stream(1).send_data(bytes(WINDOW))
    peer.take()
    for _ in range(2):
        peer.stream(3).send_data(b"x")
    peer.send(frame("RST_STREAM", 3, number(8)))
    assert not peer.connection._state.outbound._waiting
    assert peer.connection.buffered_bytes == 0


def test_after_the_end_nothing_can_be_sent() -> None:
    peer = server()
    peer.send(headers(1))
    stream = peer.stream()
    stream.send_headers(HEAD_BLOCK, end_stream=True)
    with pytest.raises(StreamMisuse):
        stream.send_data(b"x")
    with pytest.raises(StreamMisuse):
        stream.send_trailers(OK)
    with pytest.raises(StreamMisuse):
        stream.send_headers(RESPONSE)


def test_data_needs_headers_before_it() -> None:
    peer = server()
    peer.send(headers(1))
    with pytest.raises(StreamMisuse):
        peer.stream().send_data(b"x")
    with pytest.raises(StreamMisuse):
        peer.stream().send_trailers(OK)


def test_a_closed_stream_takes_everything_and_does_nothing() -> None:
    peer = server()
    peer.send(headers(1), frame("RST_STREAM", 1, number(8)))
    stream = peer.stream()
    stream.respond(HEAD_BLOCK, b"x", OK_BLOCK)
    stream.send_headers(HEAD_BLOCK)
    stream.send_data(b"x")
    stream.send_trailers(OK)
    stream.reset(ErrorCode.CANCEL)
    stream.consumed(5)
    assert peer.take() == []
    assert peer.streams[1].end_code == ErrorCode.CANCEL


def test_an_answer_before_the_request_has_ended_leaves_the_stream_open() -> None:
    peer = server()
    peer.send(headers(1))
    peer.stream().respond(HEAD_BLOCK, b"early", OK_BLOCK)
    assert kinds(peer.take()) == ["HEADERS", "DATA", "HEADERS"]
    heard: Heard = peer.streams[1]
    assert heard.ends == []
    peer.send(frame("DATA", 1, b"rest", 0x1))
    assert bytes(heard.data) == b"rest"
    assert heard.ends == [None]
