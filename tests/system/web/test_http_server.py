"""The HTTP listener: real sockets, an orderly stop, and bounds against those who mean harm."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from pathlib import Path

import httpx2
import pytest
import trustme

from ranvier.events.event import NewEvent
from ranvier.web.errors import AddressUnavailable
from ranvier.web.http_limits import HttpLimits
from ranvier.web.http_server import HttpAddress, HttpServer
from ranvier.web.security_headers import CONTENT_SECURITY_POLICY
from ranvier.wire.tls import TlsFiles, TlsUnusable
from tests.support.new_events import axon_event, stream
from tests.support.web_node import WebNode
from tests.support.web_server import connected, listening

LIVE = b"GET /health/live HTTP/1.1\r\nHost: node\r\n\r\n"
POST = b"POST /v1/events HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n"
EVENT = b'Content-Length: 16\r\n\r\n[{"payload":{}}]'


async def test_a_free_port_is_found_and_told(node: WebNode) -> None:
    async with listening(node) as server, httpx2.AsyncClient() as client:
        assert server.port > 0
        response = await client.get(f"http://127.0.0.1:{server.port}/health/live")
        assert response.json() == {"status": "UP"}
        assert "date" in response.headers
        assert "server" not in response.headers


async def test_a_port_in_use_is_refused_in_a_sentence(node: WebNode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = HttpServer(node.application(), HttpAddress("127.0.0.1", port), node.streams)
        with pytest.raises(
            AddressUnavailable, match=rf"port {port} \([A-Za-z ]+\): .*set http_port"
        ):
            await server.start()
        await server.stop()


async def test_requests_on_one_connection_are_answered_in_order(node: WebNode) -> None:
    async with listening(node) as server, connected(server) as connection:
        await connection.send(LIVE + b"GET /nothing HTTP/1.1\r\nHost: node\r\n\r\n" + LIVE)
        answers = [await connection.answer() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 404, 200]


@pytest.mark.parametrize(
    "body",
    [
        EVENT,
        b'Transfer-Encoding: chunked\r\n\r\n2\r\n[{\r\ne\r\n"payload":{}}]\r\n0\r\n\r\n',
    ],
)
async def test_a_request_to_upgrade_is_answered_without_one(node: WebNode, body: bytes) -> None:
    # As the HTTP client of Java asks by default.
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    request = POST + upgrade + body
    async with listening(node) as server, connected(server) as connection:
        await connection.send(request + request)
        for byte in request:
            await connection.send(bytes([byte]))
        for _ in range(3):
            assert (await connection.answer()).status == 200
        closing = upgrade.replace(b"HTTP2-Settings\r", b"close\r", 1)
        await connection.send(POST + closing + body)
        assert (await connection.answer()).headers["connection"] == "close"
        assert await connection.rest() == b""
    assert await node.log.head("default") == 4


async def test_a_wish_for_a_web_socket_is_answered_as_if_it_were_none(node: WebNode) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    async with listening(node) as server, connected(server) as connection:
        await connection.send(LIVE.replace(b"\r\n\r\n", b"\r\n" + upgrade) + LIVE)
        assert [(await connection.answer()).status for _ in range(2)] == [200, 200]


async def test_head_has_no_body(node: WebNode) -> None:
    async with listening(node) as server, connected(server) as connection:
        await connection.send(LIVE.replace(b"GET", b"HEAD") + LIVE)
        status, headers = await connection.head()
        assert (status, headers["content-length"]) == (200, "15")
        assert (await connection.answer()).status == 200


async def test_a_long_body_is_refused_before_it_is_sent(node: WebNode) -> None:
    head = POST + b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
    async with listening(node) as server, connected(server) as connection:
        await connection.send(head)
        answer = await connection.answer()
    assert (answer.status, answer.code) == (413, "RANVIER-BODY-TOO-LARGE")


async def test_a_stream_begins_at_once_and_follows(node: WebNode) -> None:
    async with listening(node) as server, connected(server) as connection:
        await connection.send(b"GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n")
        status, headers = await connection.head()
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        await node.append.append("default", stream(1))
        await connection.reader.readuntil(b'"token":0')
        assert node.streams.count == 1


async def test_a_client_that_leaves_takes_its_stream_along(node: WebNode) -> None:
    async with listening(node) as server:
        async with connected(server) as connection:
            await connection.send(b"GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n")
            await node.follow.followed.wait()
        await node.follow.left.wait()
        assert node.follow.follower_count == 0


# Stopping.


async def test_stopping_ends_streams_with_the_reason(node: WebNode) -> None:
    async with listening(node) as server, connected(server) as connection:
        await connection.send(b"GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n")
        await connection.head()
        await server.stop(grace_seconds=60)
        rest = await connection.rest()
    assert b"event: error" in rest
    assert b"RANVIER-STOPPING" in rest
    # The last chunk: the response is whole.
    assert rest.endswith(b"0\r\n\r\n")


async def test_stopping_lets_running_requests_end(node: WebNode) -> None:
    node.log.gate = asyncio.Event()
    async with listening(node) as server, connected(server) as connection:
        await connection.send(POST + EVENT)
        await node.log.asked.wait()
        stopping = asyncio.create_task(server.stop(grace_seconds=60))
        # The first thing that it does, before it waits for anything.
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        node.log.gate.set()
        answer = await connection.answer()
        await stopping
        assert await connection.rest() == b""
    assert answer.status == 200
    assert answer.headers["connection"] == "close"


async def test_stopping_cuts_what_does_not_end(node: WebNode) -> None:
    node.log.gate = asyncio.Event()
    async with listening(node) as server, connected(server) as connection:
        await connection.send(POST + EVENT)
        await node.log.asked.wait()
        await server.stop(grace_seconds=0.01)
        assert await connection.rest() == b""
        node.log.gate.set()


async def test_stopping_waits_for_no_reader_that_takes_nothing_and_logs_no_defect(
    node: WebNode, caplog: pytest.LogCaptureFixture
) -> None:
    large = axon_event(data=b"x" * 4_000_000).SerializeToString()
    node.log.store("default", *[NewEvent("Large", large, 0, None, "", 0)] * 20)
    async with listening(node) as server, connected(server) as stalled:
        await stalled.send(b"GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n")
        await stalled.head()
        begin = time.monotonic()
        await server.stop(grace_seconds=60)
        assert time.monotonic() - begin < 30
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert node.follow.follower_count == 0


async def test_a_request_that_is_cut_logs_no_defect(
    node: WebNode, caplog: pytest.LogCaptureFixture
) -> None:
    node.log.gate = asyncio.Event()
    async with listening(node) as server, connected(server) as connection:
        await connection.send(POST + EVENT)
        await node.log.asked.wait()
        await server.stop(grace_seconds=0.01)
        node.log.gate.set()
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_stopping_waits_for_nobody_who_is_idle(node: WebNode) -> None:
    async with listening(node) as server, connected(server) as idle, connected(server) as silent:
        await idle.send(LIVE)
        await idle.answer()
        begin = time.monotonic()
        await server.stop(grace_seconds=60)
        assert time.monotonic() - begin < 30
        assert await idle.rest() == await silent.rest() == b""
        await server.stop(grace_seconds=60)


# Harm.


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 2_000 + b" HTTP/1.1\r\nHost: node\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: node\r\nCookie: " + b"a" * 2_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(30)) + b"\r\n",
        b"GET /" + b"a" * 2_000,
        b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 30,
    ],
)
async def test_a_head_that_is_too_large_is_refused(node: WebNode, head: bytes) -> None:
    limits = HttpLimits(head_bytes=1_000, header_count=20)
    async with listening(node, limits) as server, connected(server) as connection:
        await connection.send(head)
        answer = await connection.answer()
        assert (answer.status, answer.code) == (431, "RANVIER-HEAD-TOO-LARGE")
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY.lower()
        assert await connection.rest() == b""


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost node\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: node\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\n\r\n",
        b"CONNECT other:443 HTTP/1.1\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nnumber\r\n",
    ],
)
async def test_bytes_that_are_no_http_are_refused(node: WebNode, bytes_sent: bytes) -> None:
    async with listening(node) as server:
        async with connected(server) as connection:
            await connection.send(bytes_sent)
            answer = await connection.answer()
            assert (answer.status, answer.code) == (400, "RANVIER-MALFORMED-REQUEST")
            assert await connection.rest() == b""
        async with connected(server) as connection:
            await connection.send(LIVE)
            assert (await connection.answer()).status == 200


@pytest.mark.parametrize(
    "begin", [b"", b"GET / HT", b"\r\n\r\n", POST + b"Content-Length: 4\r\n\r\n[{"]
)
async def test_who_is_too_slow_is_cut(node: WebNode, begin: bytes) -> None:
    limits = HttpLimits(head_seconds=0.5, body_seconds=0.5)
    async with listening(node, limits) as server, connected(server) as connection:
        await connection.send(begin)
        assert await connection.rest() == b""


async def test_empty_lines_do_not_keep_a_connection(node: WebNode) -> None:
    limits = HttpLimits(head_seconds=1, idle_seconds=3_600)
    async with listening(node, limits) as server, connected(server) as connection:
        await connection.send(LIVE)
        await connection.answer()
        await connection.send(b"\r\n")
        assert await connection.rest() == b""


async def test_who_takes_nothing_is_cut(node: WebNode) -> None:
    large = axon_event(data=b"x" * 4_000_000).SerializeToString()
    node.log.store("default", *[NewEvent("Large", large, 0, None, "", 0)] * 20)
    limits = HttpLimits(stalled_write_seconds=0.05)
    async with listening(node, limits) as server, connected(server) as connection:
        await connection.send(b"GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n")
        # Nothing is read here; without the cut, nothing would end this stream.
        await node.follow.left.wait()


async def test_there_are_only_so_many_connections(node: WebNode) -> None:
    async with listening(node, HttpLimits(connections=1)) as server, connected(server) as first:
        await first.send(LIVE)
        assert (await first.answer()).status == 200
        async with connected(server) as second:
            answer = await second.answer()
            assert (answer.status, answer.code) == (503, "RANVIER-BUSY")
            assert answer.headers["retry-after"] == "1"
        await first.send(LIVE)
        assert (await first.answer()).status == 200


# TLS.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


async def test_tls_is_spoken_where_there_is_a_certificate(
    node: WebNode, authority: trustme.CA, tmp_path: Path
) -> None:
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for part in issued.cert_chain_pems:
        part.write_to_path(certificate, append=True)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    files = TlsFiles(certificate, key)
    async with listening(node, tls=files) as server, httpx2.AsyncClient(verify=context) as client:
        response = await client.get(f"https://127.0.0.1:{server.port}/actuator")
        assert response.json()["_links"]["self"]["href"].startswith("https://")


async def test_tls_files_that_cannot_be_used_are_named(node: WebNode, tmp_path: Path) -> None:
    files = TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem")
    with pytest.raises(TlsUnusable, match=r"cert\.pem"):
        async with listening(node, tls=files):
            pass
