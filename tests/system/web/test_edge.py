"""The HTTP listener behind balancers: whom it believes, on real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from ranvier.web.edge import Edge
from ranvier.web.http_limits import HttpLimits
from ranvier.web.http_server import HttpAddress, HttpServer
from ranvier.web.open_streams import OpenStreams
from ranvier.web.trusted_networks import TrustedNetworks
from ranvier.wire.proxy_preamble import SIGNATURE
from tests.support.ajp_application import Mirror
from tests.support.web_node import WebNode
from tests.support.web_server import RawConnection, connected, listening

HERE = TrustedNetworks([ip_network("127.0.0.0/8")])
ELSEWHERE = TrustedNetworks([ip_network("10.0.0.0/8")])
GET = b"GET /mirror HTTP/1.1\r\nHost: node\r\n"
LINE = b"PROXY TCP4 192.0.2.1 10.0.0.9 4711 443\r\n"
TLS_FIELD = b"\x20\x00\x05\x01\x00\x00\x00\x00"
BINARY = (
    SIGNATURE
    + b"\x21\x11"
    + (12 + len(TLS_FIELD)).to_bytes(2, "big")
    + bytes([192, 0, 2, 1, 10, 0, 0, 9, 0x12, 0x67, 0x01, 0xBB])
    + TLS_FIELD
)
CHECK = SIGNATURE + b"\x20\x00\x00\x00"


@asynccontextmanager
async def served(
    edge: Edge, limits: HttpLimits | None = None
) -> AsyncIterator[tuple[Mirror, RawConnection]]:
    """Yield an application behind a listener, and a connection to it."""
    mirror = Mirror()
    server = HttpServer(mirror, HttpAddress("127.0.0.1", 0), OpenStreams(), limits, edge)
    await server.start()
    try:
        async with connected(server) as connection:
            yield mirror, connection
    finally:
        await server.stop(grace_seconds=0)


async def seen(connection: RawConnection, data: bytes) -> dict[str, Any]:
    await connection.send(data)
    scope: dict[str, Any] = json.loads((await connection.answer()).body)
    return scope


FORGED = b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n\r\n"


@pytest.mark.parametrize("edge", [Edge(), Edge(ELSEWHERE), Edge(ELSEWHERE, "forwarded")])
async def test_headers_of_strangers_are_not_heard(edge: Edge) -> None:
    async with served(edge) as (_, connection):
        scope = await seen(connection, GET + b"Forwarded: for=6.6.6.6\r\n" + FORGED)
    assert (scope["client"][0], scope["scheme"]) == ("127.0.0.1", "http")
    assert scope["headers"] == [["host", "node"]]


async def test_a_balancer_tells_of_many_clients_on_one_connection() -> None:
    async with served(Edge(HERE)) as (_, connection):
        for number in range(3):
            told = b"X-Forwarded-For: 6.6.6.6, 192.0.2.%d\r\nX-Forwarded-Proto: https\r\n\r\n"
            scope = await seen(connection, GET + told % number)
            assert scope["client"] == [f"192.0.2.{number}", 0]
            assert scope["scheme"] == "https"
        assert (await seen(connection, GET + b"\r\n"))["client"][0] == "127.0.0.1"


@pytest.mark.parametrize(("header", "scheme"), [(LINE, "http"), (BINARY, "https")])
async def test_a_proxy_header_tells_of_the_connection(header: bytes, scheme: str) -> None:
    async with served(Edge(HERE, expects_preamble=True)) as (_, connection):
        for byte in header:
            await connection.send(bytes([byte]))
        for _ in range(2):
            # The headers are those of a stranger: this client is no balancer.
            scope = await seen(connection, GET + FORGED)
            assert scope["client"] == ["192.0.2.1", 4711]
            assert scope["server"] == ["10.0.0.9", 443]
            assert (scope["scheme"], scope["headers"]) == (scheme, [["host", "node"]])


@pytest.mark.parametrize("header", [CHECK, b"PROXY UNKNOWN\r\n"])
async def test_a_balancer_may_speak_for_itself(header: bytes) -> None:
    async with served(Edge(HERE, expects_preamble=True)) as (_, connection):
        assert (await seen(connection, header + GET + b"\r\n"))["client"][0] == "127.0.0.1"


async def test_behind_a_proxy_header_another_trusted_balancer_is_heard() -> None:
    edge = Edge(
        TrustedNetworks([ip_network("127.0.0.1"), ip_network("192.0.2.1")]), "forwarded", True
    )
    async with served(edge) as (_, connection):
        scope = await seen(connection, LINE + GET + b"Forwarded: for=198.51.100.1\r\n\r\n")
    assert scope["client"] == ["198.51.100.1", 0]


@pytest.mark.parametrize("data", [GET + b"\r\n", b"PROXY TCP4 x\r\n" + GET, b"\r\n\r\n\x00x" + GET])
async def test_a_balancer_that_must_send_one_and_does_not_is_refused(data: bytes) -> None:
    async with served(Edge(HERE, expects_preamble=True)) as (mirror, connection):
        await connection.send(data)
        answer = await connection.answer()
        assert (answer.status, answer.code) == (400, "RANVIER-PROXY-PROTOCOL")
        assert await connection.rest() == b""
    assert mirror.scopes == []


@pytest.mark.parametrize("header", [LINE, BINARY, CHECK])
@pytest.mark.parametrize("edge", [Edge(), Edge(HERE), Edge(ELSEWHERE, expects_preamble=True)])
async def test_a_proxy_header_of_anybody_else_is_refused(header: bytes, edge: Edge) -> None:
    async with served(edge) as (mirror, connection):
        await connection.send(header + GET + b"\r\n")
        answer = await connection.answer()
        assert (answer.status, answer.code) == (400, "RANVIER-MALFORMED-REQUEST")
        assert await connection.rest() == b""
    assert mirror.scopes == []


async def test_others_need_none() -> None:
    async with served(Edge(ELSEWHERE, expects_preamble=True)) as (_, connection):
        assert (await seen(connection, GET + b"\r\n"))["client"][0] == "127.0.0.1"


async def test_a_proxy_header_that_drips_is_cut() -> None:
    limits = HttpLimits(head_seconds=0.05)
    async with served(Edge(HERE, expects_preamble=True), limits) as (_, connection):
        await connection.send(LINE[:10])
        assert await connection.rest() == b""


# What would let two readers of one stream see different requests.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: node\r\n\r\n"
POST = b"POST /hash HTTP/1.1\r\nHost: node\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        POST + b"Content-Length: 5, 5\r\n\r\nabcde",
        POST + b"Content-Length: +5\r\n\r\nabcde",
        POST + b"Content-Length: 0x5\r\n\r\nabcde",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5;\nabcde\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        POST + b"X: 1\r\n Content-Length: 5\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        POST + b"X-Forwarded-For: 6.6.6.6\rContent-Length: 5\r\n\r\nabcde",
        POST + b"X-Forwarded-For: 6.6.6.6\x00\r\n\r\n",
    ],
)
async def test_requests_that_can_be_read_in_two_ways_are_refused(request_: bytes) -> None:
    async with served(Edge(HERE)) as (mirror, connection):
        await connection.send(request_ + SMUGGLED)
        rest = await connection.rest()
    assert rest.startswith(b"HTTP/1.1 400 ")
    assert rest.count(b"\r\n\r\n") == 1
    assert [each for each in mirror.scopes if each["path"] == "/smuggled"] == []


async def test_who_tells_of_clients_unasked_is_nobody_on_this_machine(node: WebNode) -> None:
    # A balancer on this machine that the node was not told of: its callers are not from here.
    ask = b"POST /api/cluster/join-tokens HTTP/1.1\r\nHost: node\r\nContent-Length: 0\r\n"
    async with listening(node) as server, connected(server) as connection:
        await connection.send(ask + b"X-Forwarded-For: 192.0.2.1\r\n\r\n")
        assert (await connection.answer()).code == "RANVIER-TOKEN-FOR-STRANGERS"
        await connection.send(ask + b"\r\n")
        assert (await connection.answer()).status == 201
