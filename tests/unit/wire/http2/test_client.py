"""The client role: requests out, responses in."""

from __future__ import annotations

import pytest

from ranvier.wire.http2.connection import Connection, Role
from ranvier.wire.http2.errors import ConnectionClosing, ErrorCode, StreamMisuse
from ranvier.wire.http2.headers import ready_block
from ranvier.wire.http2.limits import Limits
from tests.support.http2_peer import (
    OK,
    PREFACE,
    REQUEST,
    RESPONSE,
    SETTINGS_ACK,
    Clock,
    Heard,
    Peer,
    client,
    data,
    frame,
    headers,
    kinds,
    server,
    settings,
    split,
)


def test_a_client_says_hello_with_the_preface_and_wants_no_push() -> None:
    peer = Peer(Role.CLIENT)
    peer.connection.start()
    output = peer.connection.take_output()
    assert output.startswith(PREFACE)
    hello = split(output)[0]
    assert hello.kind == "SETTINGS"
    assert b"\0\x02\0\0\0\0" in hello.payload


def test_a_call_from_beginning_to_end() -> None:
    peer = client()
    heard = peer.open()
    heard.own.send_data(b"question", end_stream=True)
    request, question = peer.take()
    assert peer.decode(request.payload) == REQUEST
    assert (question.payload, question.flags) == (b"question", 1)
    peer.send(headers(1, RESPONSE), data(1, b"answer"), headers(1, OK, end=True))
    assert heard.headers == RESPONSE
    assert bytes(heard.data) == b"answer"
    assert heard.trailers == OK
    assert heard.ends == [None]
    assert peer.connection.open_stream_count == 0


def test_an_answer_may_have_headers_only() -> None:
    peer = client()
    heard = peer.open(end=True)
    peer.send(headers(1, RESPONSE, end=True))
    assert heard.has_ended
    assert heard.ends == [None]


def test_an_answer_may_end_with_data() -> None:
    peer = client()
    heard = peer.open(end=True)
    peer.send(headers(1, RESPONSE), data(1, b"all", end=True))
    assert heard.ends == [None]


def test_repeated_answers_are_looked_up() -> None:
    peer = client()
    calls = [peer.open(end=True) for _ in range(3)]
    for stream_id in (1, 3, 5):
        peer.send(headers(stream_id, RESPONSE), headers(stream_id, OK, end=True))
    assert calls[0].headers is not None
    assert calls[1].headers is calls[0].headers
    assert calls[2].trailers is calls[1].trailers


def test_interim_responses_are_swallowed() -> None:
    peer = client()
    heard = peer.open(end=True)
    interim = headers(1, ((b":status", b"103"), (b"link", b"</a>")))
    peer.send(interim, interim)
    assert heard.headers is None
    peer.send(headers(1, RESPONSE, end=True))
    assert heard.headers == RESPONSE


@pytest.mark.parametrize("status", [b"204", b"304"])
def test_a_length_without_content_is_fine_for_some_statuses(status: bytes) -> None:
    peer = client()
    heard = peer.open(end=True)
    pairs = ((b":status", status), (b"content-length", b"10"))
    peer.send(headers(1, pairs, end=True))
    assert heard.ends == [None]


def test_and_for_the_answer_to_head() -> None:
    peer = client()
    heard = peer.open(((b":method", b"HEAD"), *REQUEST[1:]), end=True)
    peer.send(headers(1, (*RESPONSE, (b"content-length", b"10")), end=True))
    assert heard.ends == [None]


def test_content_of_the_stated_length() -> None:
    peer = client()
    heard = peer.open(end=True)
    pairs = (*RESPONSE, (b"content-length", b"6"))
    peer.send(headers(1, pairs), data(1, b"answer"), headers(1, OK, end=True))
    assert heard.ends == [None]


def test_a_server_may_answer_before_the_request_has_ended() -> None:
    peer = client()
    heard = peer.open()
    peer.send(headers(1, RESPONSE, end=True), frame("RST_STREAM", 1, bytes(4)))
    (end,) = heard.ends
    assert heard.has_ended
    assert end is not None
    assert end.code == ErrorCode.NO_ERROR


def test_a_ready_block_opens_a_stream_too() -> None:
    peer = client()
    peer.connection.open_stream(ready_block(REQUEST), end_stream=True, listener=Heard())
    (request,) = peer.take()
    assert peer.decode(request.payload) == REQUEST
    assert request.flags == 5


def test_stream_ids_run_out() -> None:
    peer = client()
    peer.connection._state.next_local_id = 2**31 - 1
    peer.open(end=True)
    with pytest.raises(ConnectionClosing):
        peer.open()


def test_a_server_opens_no_streams() -> None:
    with pytest.raises(StreamMisuse):
        server().open()


def test_a_ping_has_eight_bytes() -> None:
    with pytest.raises(StreamMisuse):
        client().connection.ping(b"short")


def test_a_client_obeys_the_window_that_came_with_the_hello() -> None:
    peer = Peer(Role.CLIENT).greet((4, 3))
    heard = peer.open()
    heard.own.send_data(b"question", end_stream=True)
    assert peer.take()[-1].payload == b"que"


def test_requests_may_be_sent_before_the_hello_of_the_server() -> None:
    peer = Peer(Role.CLIENT)
    peer.connection.start()
    peer.open(end=True)
    assert kinds(peer.take()) == ["SETTINGS", "WINDOW_UPDATE", "HEADERS"]
    answer = peer.send(settings(), SETTINGS_ACK, headers(1, RESPONSE, end=True))
    assert kinds(answer) == ["SETTINGS"]
    assert peer.streams[1].ends == [None]


def test_streams_have_a_place_for_the_layer_above() -> None:
    peer = client()
    stream = peer.open().own
    assert stream.context is None
    stream.context = peer
    assert not stream.is_closed
    assert peer.connection.open_streams() == [stream]


def test_the_listeners_need_no_attributes_of_ours() -> None:
    class Quiet:
        def request_received(self, *_: object, **__: object) -> None: ...
        def ping_acknowledged(self, payload: bytes) -> None: ...
        def goaway_received(self, last_stream_id: int, code: int, debug: bytes) -> None: ...
        def output_ready(self) -> None: ...

    connection = Connection(Role.SERVER, Limits(), Quiet(), Clock())
    connection.start()
    connection.receive_data(PREFACE + settings() + headers(1) + data(1, b"unheard", end=True))
    (stream,) = connection.open_streams()
    stream.reset(ErrorCode.CANCEL)
    assert connection.fault is None
