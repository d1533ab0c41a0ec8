"""DATA leaves as windows and frame sizes allow."""

from __future__ import annotations

import pytest

from ranvier.wire.http2.errors import ErrorCode, StreamMisuse
from tests.support.http2_peer import (
    HEAD_BLOCK,
    OK,
    OK_BLOCK,
    RESPONSE,
    Heard,
    frame,
    headers,
    kinds,
    number,
    payloads,
    server,
    settings,
    sizes,
    window_update,
)

WINDOW = 65_535


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


def test_an_answer_at_once_obeys_the_windows_too() -> None:
    peer = server()
    peer.send(settings((4, 3)), headers(1, end=True))
    peer.stream().respond(HEAD_BLOCK, b"hello", OK_BLOCK)
    assert payloads(peer.take(), 1) == b"hel"
    assert kinds(peer.send(window_update(1, 2))) == ["DATA", "HEADERS"]
    peer.answering(3)
    peer.send(window_update(3, 100_000))
    peer.stream(3).send_data(bytes(WINDOW - 7))
    peer.take()
    peer.send(settings((4, 100)), headers(5, end=True))
    peer.stream(5).respond(HEAD_BLOCK, b"hello", OK_BLOCK)
    assert payloads(peer.take(), 5) == b"he"


def test_data_stops_at_the_window_of_the_stream() -> None:
    peer = server()
    peer.answering(1)
    peer.send(window_update(0, 1_000_000))
    stream = peer.stream()
    stream.send_data(bytes(WINDOW + 10))
    stream.send_trailers(OK)
    assert sum(sizes(peer.take())) == WINDOW
    assert stream.queued_bytes == 10
    assert sizes(peer.send(window_update(1, 4))) == [4]
    last = peer.send(window_update(1, 100))
    assert kinds(last) == ["DATA", "HEADERS"]
    assert [len(last[0].payload), last[1].flags] == [6, 5]
    assert peer.streams[1].ends == [None]


def test_data_stops_at_the_window_of_the_connection() -> None:
    peer = server()
    peer.answering(1, 3)
    peer.send(window_update(1, 1_000_000), window_update(3, 1_000_000))
    peer.stream(1).send_data(bytes(WINDOW))
    peer.take()
    peer.stream(3).send_data(b"x")
    assert payloads(peer.take(), 3) == b""
    assert payloads(peer.send(window_update(0, 1)), 3) == b"x"


def test_the_end_of_the_stream_comes_with_the_last_data() -> None:
    peer = server()
    peer.answering(1)
    peer.stream().send_data(bytes(20_000), end_stream=True)
    assert [(len(f.payload), f.flags) for f in peer.take()] == [(16_384, 0), (3_616, 1)]
    assert peer.streams[1].ends == [None]


@pytest.mark.parametrize("is_queued", [False, True])
def test_an_end_without_data_needs_no_window(is_queued: bool) -> None:
    peer = server()
    peer.answering(1)
    stream = peer.stream()
    stream.send_data(bytes(WINDOW))
    if not is_queued:
        peer.take()
    stream.send_data(b"", end_stream=True)
    assert peer.take()[-1].flags == 1
    assert peer.streams[1].ends == [None]


def test_nothing_is_sent_for_empty_data() -> None:
    peer = server()
    peer.answering(1)
    peer.stream().send_data(b"")
    assert peer.take() == []


def test_a_smaller_initial_window_may_make_windows_negative() -> None:
    peer = server()
    peer.answering(1)
    stream = peer.stream()
    stream.send_data(bytes(60_000))
    peer.take()
    peer.send(settings((4, 1_000)))
    assert stream.send_window == 1_000 - 60_000
    stream.send_data(b"later")
    assert payloads(peer.send(window_update(1, 59_000)), 1) == b""
    assert payloads(peer.send(window_update(1, 1)), 1) == b"l"
    assert payloads(peer.send(settings((4, 1_010))), 1) == b"ater"


def test_a_stream_in_the_line_may_lose_its_window_there() -> None:
    peer = server()
    peer.answering(1, 3)
    peer.stream(1).send_data(bytes(WINDOW))
    peer.take()
    peer.stream(3).send_data(b"waiting")
    peer.send(settings((4, 0)))
    assert peer.send(window_update(0, 100)) == []
    assert payloads(peer.send(window_update(3, 3)), 3) == b"wai"
    assert peer.stream(1).send_share(10) is False


def test_a_larger_initial_window_lets_queued_data_go() -> None:
    peer = server()
    peer.send(settings((4, 0)))
    peer.answering(1)
    peer.stream().send_data(b"waiting")
    assert peer.take() == []
    assert payloads(peer.send(settings((4, 100))), 1) == b"waiting"


def test_small_parts_share_frames() -> None:
    peer = server()
    peer.answering(1)
    peer.connection.pause_output()
    for i in range(1_000):
        peer.stream().send_data(b"%04d" % i)
    peer.connection.resume_output()
    (only,) = peer.take()
    assert only.payload == b"".join(b"%04d" % i for i in range(1_000))


def test_a_reset_drops_what_is_queued() -> None:
    peer = server()
    peer.answering(1)
    peer.connection.pause_output()
    peer.stream().send_data(bytes(1_000))
    peer.stream().reset(ErrorCode.CANCEL)
    assert peer.connection.buffered_bytes == 0
    peer.connection.resume_output()
    assert kinds(peer.take()) == ["RST_STREAM"]


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
