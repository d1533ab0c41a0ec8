"""The AJP listener with a played web server: whole exchanges, bounds, and an orderly end."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace

import pytest

from bench.ajp_packets import (
    CPING_PACKET,
    EMPTY_PACKET,
    EMPTY_PART,
    Forwarded,
    body_part,
    forward_request,
    packet,
)
from ranvier.wire.ajp import codes
from ranvier.wire.ajp.limits import AjpLimits
from tests.support.ajp_application import Mirror
from tests.support.ajp_peer import ajp_connected, ajp_listening, knowing, parts_of

BODY = bytes(index * 7 % 256 for index in range(100_000))
DIGEST = hashlib.sha256(BODY).hexdigest()
CPONG = b"\x09"
CHUNKED = [(b"transfer-encoding", b"chunked")]


def length(size: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % size)]


def get(uri: bytes) -> bytes:
    return forward_request(knowing(Forwarded(uri=uri)))


async def test_many_requests_pass_on_one_connection() -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (_, port), ajp_connected(port) as peer:
        for _ in range(200):
            await peer.send(CPING_PACKET)
            assert await peer.packet() == CPONG
            answer = await peer.ask(Forwarded(uri=b"/unread"))
            assert (answer.status, bytes(answer.body)) == (200, b"unread")
            assert answer.is_reusable


async def test_the_scope_is_what_the_web_server_saw() -> None:
    request = Forwarded(
        "GET",
        b"/mirror/%C3%A4%2Fb;v=1;jsessionid=abc.node1",
        remote_address=b"2001:db8::7",
        server_name=b"www.example.org",
        server_port=8443,
        is_tls=True,
        headers=[(b"Host", b"www.example.org:8443"), (b"X-Forwarded-For", b"6.6.6.6")],
        coded={
            codes.QUERY_STRING: b"q=%20&p",
            codes.REMOTE_USER: "J\u00fcrg".encode(),
            codes.AUTH_TYPE: b"Basic",
            codes.ROUTE: b"node1",
            codes.SSL_CERT: b"PEM",
            codes.SSL_CIPHER: b"TLS_AES_256_GCM_SHA384",
            codes.SSL_SESSION: b"0011",
        },
        named={
            codes.REMOTE_PORT: b"45832",
            codes.SSL_PROTOCOL: b"TLSv1.3",
            codes.LB_ACTIVATION: b"DIS",
        },
        tls_key_bits=256,
    )
    mirror = Mirror()
    async with ajp_listening(mirror) as (_, port), ajp_connected(port) as peer:
        await peer.ask(request)
    scope = mirror.scopes[0]
    assert scope["path"] == "/mirror/\u00e4/b;v=1"
    assert scope["raw_path"] == b"/mirror/%C3%A4%2Fb;v=1;jsessionid=abc.node1"
    assert scope["query_string"] == b"q=%20&p"
    assert (scope["scheme"], scope["http_version"]) == ("https", "1.1")
    assert scope["client"] == ("2001:db8::7", 45832)
    assert scope["server"] == ("www.example.org", 8443)
    assert scope["headers"] == [(b"host", b"www.example.org:8443")]
    assert scope["extensions"]["ajp"] == {
        "activation": "DIS",
        "auth_type": "Basic",
        "remote_user": "J\u00fcrg",
        "route": "node1",
        "session_parameter": "abc.node1",
        "tls_certificate": "PEM",
        "tls_cipher": "TLS_AES_256_GCM_SHA384",
        "tls_key_bits": "256",
        "tls_protocol": "TLSv1.3",
        "tls_session": "0011",
    }


@pytest.mark.parametrize(
    ("protocol", "version"), [(b"HTTP/1.0", "1.0"), (b"HTTP/1.1", "1.1"), (b"HTTP/2.0", "2")]
)
async def test_the_version_of_http_is_told(protocol: bytes, version: str) -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (_, port), ajp_connected(port) as peer:
        await peer.ask(Forwarded(protocol=protocol, remote_address=b"a name"))
    assert (mirror.scopes[0]["http_version"], mirror.scopes[0]["client"]) == (version, None)


@pytest.mark.parametrize("packet_bytes", [8192, 65536])
async def test_an_upload_with_a_length_streams(packet_bytes: int) -> None:
    limits = AjpLimits(packet_bytes=packet_bytes)
    async with ajp_listening(Mirror(), limits) as (_, port), ajp_connected(port) as peer:
        for _ in range(2):
            next_part = parts_of(BODY, EMPTY_PACKET)
            request = Forwarded("POST", b"/hash", headers=length(len(BODY)))
            await peer.send(forward_request(knowing(request)) + next_part(packet_bytes - 6))
            told = json.loads((await peer.answer(next_part)).body)
            assert (told["sha256"], told["size"]) == (DIGEST, len(BODY))
    assert max(peer.wanted) == min(packet_bytes - 6, len(BODY) - (packet_bytes - 6))
    assert told["parts"] == -(-len(BODY) // (packet_bytes - 6))


@pytest.mark.parametrize("end", [EMPTY_PACKET, EMPTY_PART])
async def test_a_chunked_upload_streams_and_ends_in_either_way(end: bytes) -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        for body in (BODY, b"", b"x"):
            answer = await peer.ask(
                Forwarded("POST", b"/hash", headers=CHUNKED), parts_of(body, end)
            )
            told = json.loads(answer.body)
            assert told["sha256"] == hashlib.sha256(body).hexdigest()
            assert answer.is_reusable


async def test_who_does_not_read_is_sent_no_more() -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (_, port), ajp_connected(port) as peer:
        request = Forwarded("POST", b"/late", headers=length(len(BODY)))
        await peer.send(forward_request(knowing(request)) + body_part(BODY[:8186]))
        await mirror.has_begun.wait()
        mirror.may_go_on.set()
        # No part of the rest is asked for: the first packet is the answer's.
        answer = await peer.answer()
        assert (answer.body, peer.wanted) == (b"late", [])
        assert (await peer.ask(Forwarded(uri=b"/unread"))).body == b"unread"


async def test_a_body_that_comes_after_the_answer_is_swallowed() -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        await peer.ask(Forwarded("POST", b"/unread", headers=length(3)))
        await peer.send(body_part(b"abc"))
        assert (await peer.ask(Forwarded(uri=b"/unread"))).body == b"unread"


@pytest.mark.parametrize(
    ("method", "uri", "status"),
    [("HEAD", b"/large/5000", 200), ("GET", b"/empty", 204), ("GET", b"/unchanged", 304)],
)
async def test_answers_without_a_body_send_none(method: str, uri: bytes, status: int) -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        answer = await peer.ask(Forwarded(method, uri))
        assert (answer.status, bytes(answer.body), answer.flushes) == (status, b"", 0)
        if method == "HEAD":
            assert answer.header(b"content-length") == b"5000"
        assert answer.is_reusable


async def test_two_cookies_are_two_headers() -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        answer = await peer.ask(Forwarded(uri=b"/cookies"))
    cookies = [value for name, value in answer.headers if name == b"set-cookie"]
    assert cookies == [b"JSESSIONID=abc.node1; Path=/; HttpOnly", b"theme=dark"]


async def test_a_stream_is_flushed_part_by_part() -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        answer = await peer.ask(Forwarded(uri=b"/stream/20"))
    assert len(answer.body) == 200_000
    assert answer.flushes >= 20


async def test_a_stream_begins_before_it_ends() -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (_, port), ajp_connected(port) as peer:
        await peer.send(get(b"/wait"))
        assert (await peer.packet())[0] == codes.SEND_HEADERS
        assert b"data: 1" in await peer.packet()
        assert await peer.packet() == b"\x03\x00\x00\x00"
        mirror.may_go_on.set()


async def test_a_reader_that_leaves_is_told() -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (server, port):
        async with ajp_connected(port) as peer:
            await peer.send(get(b"/wait"))
            await mirror.has_begun.wait()
        await mirror.has_left.wait()
        assert server.connection_count == 0


async def test_an_upload_whose_client_leaves_is_told() -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (_, port), ajp_connected(port) as peer:
        request = Forwarded("POST", b"/hash", headers=length(len(BODY)))
        await peer.send(forward_request(knowing(request)) + body_part(BODY[:8186]))
        assert (await peer.packet())[0] == codes.GET_BODY_CHUNK
        await peer.send(EMPTY_PACKET)
        answer = await peer.answer()
        assert (answer.status, answer.is_reusable) == (400, False)
        assert await peer.rest() == b""
    assert mirror.told[-1]["type"] == "http.disconnect"


async def test_a_failure_of_the_application_is_answered_and_the_connection_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        for uri in (b"/fail", b"/nothing"):
            answer = await peer.ask(Forwarded(uri=uri))
            assert (answer.status, answer.is_reusable) == (500, True)
            assert b"planned" not in answer.body
    assert "planned" in caplog.text


async def test_half_an_answer_is_not_taken_for_a_whole_one() -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        await peer.send(get(b"/break"))
        rest = await peer.rest()
        assert not rest.endswith(b"AB\x00\x02\x05\x01")


async def test_an_application_may_end_the_connection() -> None:
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        answer = await peer.ask(Forwarded(uri=b"/closing"))
        assert (answer.body, answer.is_reusable) == (b"the last", False)
        assert answer.header(b"connection") == b""
        assert await peer.rest() == b""


# Who may come in.


@pytest.mark.parametrize(
    "request_",
    [
        Forwarded(),
        Forwarded(coded={codes.SECRET: b"another"}),
        knowing(Forwarded(named={b"javax.servlet.include.path_info": b"WEB-INF/web.xml"})),
    ],
)
async def test_strangers_are_answered_403_and_cut(request_: Forwarded) -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (_, port), ajp_connected(port) as peer:
        # With a part of a body that nobody reads: the answer must come through all the same.
        posted = replace(request_, method="POST", headers=length(8000))
        await peer.send(forward_request(posted) + body_part(b"x" * 8000))
        answer = await peer.answer()
        assert (answer.status, answer.is_reusable) == (403, False)
        assert await peer.rest() == b""
    assert mirror.scopes == []


async def test_a_malformed_request_is_answered_400_and_cut() -> None:
    request = knowing(Forwarded("POST", headers=[*length(1), *CHUNKED]))
    async with ajp_listening(Mirror()) as (_, port), ajp_connected(port) as peer:
        answer = await peer.ask(request)
        assert (answer.status, answer.is_reusable) == (400, False)
        assert await peer.rest() == b""


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", packet(b"\x07"), packet(b"\x63")])
async def test_what_is_no_request_ends_the_connection_without_a_word(data: bytes) -> None:
    async with ajp_listening(Mirror()) as (server, port):
        async with ajp_connected(port) as peer:
            await peer.send(data)
            assert await peer.rest() == b""
        async with ajp_connected(port) as peer:
            assert (await peer.ask(Forwarded(uri=b"/unread"))).status == 200
        assert server.connection_count <= 1


async def test_there_are_only_so_many_connections() -> None:
    limits = AjpLimits(connections=1)
    async with ajp_listening(Mirror(), limits) as (_, port), ajp_connected(port) as first:
        assert (await first.ask(Forwarded(uri=b"/unread"))).status == 200
        async with ajp_connected(port) as second:
            assert await second.rest() == b""
        assert (await first.ask(Forwarded(uri=b"/unread"))).status == 200


# Times.


@pytest.mark.parametrize("begin", [b"", b"\x12", CPING_PACKET[:4], get(b"/unread")[:-1]])
async def test_who_is_slow_with_a_packet_is_cut(begin: bytes) -> None:
    limits = AjpLimits(packet_seconds=0.05)
    async with ajp_listening(Mirror(), limits) as (_, port), ajp_connected(port) as peer:
        await peer.send(begin)
        assert await peer.rest() == b""


async def test_who_is_slow_with_a_body_is_cut() -> None:
    limits = AjpLimits(body_seconds=0.05)
    async with ajp_listening(Mirror(), limits) as (_, port), ajp_connected(port) as peer:
        request = Forwarded("POST", b"/hash", headers=length(10))
        await peer.send(forward_request(knowing(request)))
        assert await peer.rest() == b""


async def test_who_is_idle_is_cut_and_who_is_answered_slowly_is_not() -> None:
    mirror = Mirror()
    limits = AjpLimits(idle_seconds=2.0)
    async with (
        ajp_listening(mirror, limits) as (_, port),
        ajp_connected(port) as peer,
        ajp_connected(port) as idle,
    ):
        await idle.send(CPING_PACKET)
        await peer.send(get(b"/late"))
        assert await idle.packet() == CPONG
        assert await idle.rest() == b""
        mirror.may_go_on.set()
        assert (await peer.answer()).body == b"late"
        assert await peer.rest() == b""


async def test_who_takes_nothing_is_cut() -> None:
    limits = AjpLimits(stalled_write_seconds=0.05)
    mirror = Mirror()
    async with ajp_listening(mirror, limits) as (server, port), ajp_connected(port) as peer:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a read transport, too
        await peer.send(get(b"/stream/100000"))
        await mirror.has_ended.wait()
        assert server.connection_count == 0


# Stopping.


async def test_stopping_lets_a_running_request_end_and_says_that_it_was_the_last() -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (server, port), ajp_connected(port) as peer:
        async with ajp_connected(port) as idle:
            await peer.send(get(b"/late"))
            await mirror.has_begun.wait()
            stopping = asyncio.create_task(server.stop(grace_seconds=60))
            # Nobody is told any more that the node is there.
            assert await idle.rest() == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            mirror.may_go_on.set()
            answer = await peer.answer()
            await stopping
        assert (answer.body, answer.is_reusable) == (b"late", False)
        assert await peer.rest() == b""


async def test_stopping_cuts_what_does_not_end() -> None:
    mirror = Mirror()
    async with ajp_listening(mirror) as (server, port), ajp_connected(port) as peer:
        await peer.send(get(b"/late"))
        await mirror.has_begun.wait()
        await server.stop(grace_seconds=0.01)
        assert await peer.rest() == b""
