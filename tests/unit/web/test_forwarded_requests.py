"""What the application sees of a request that came by a balancer, and by somebody who plays one."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ranvier.web.edge import Edge
from ranvier.web.forwarded_requests import UNKNOWN_BALANCER, ForwardedRequests
from ranvier.web.trusted_networks import TrustedNetworks

BALANCER = ("10.0.0.1", 40_000)
STRANGER = ("192.0.2.66", 40_000)
TRUSTED = TrustedNetworks([ip_network("10.0.0.0/8")])


async def seen(
    headers: list[tuple[bytes, bytes]],
    peer: tuple[str, int] | None = BALANCER,
    told_by: str = "x-forwarded",
) -> dict[str, Any]:
    scopes: list[Scope] = []
    sent: list[Message] = []

    async def application(scope: Scope, _receive: Receive, _send: Send) -> None:
        scopes.append(scope)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "client": peer,
        "server": ("10.0.0.9", 8024),
        "scheme": "http",
        "headers": [(b"host", b"node:8024"), *headers, (b"x-other", b"1")],
        "state": {},
        "path": "/",
        "method": "GET",
    }
    await ForwardedRequests(application, Edge(TRUSTED, told_by))(scope, receive, send)
    return dict(scopes[0]) if scopes else {"status": sent[0]["status"]}


FORGED = [
    (b"x-forwarded-for", b"6.6.6.6"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"evil.example"),
    (b"x-forwarded-port", b"1"),
    (b"forwarded", b"for=6.6.6.6;proto=https;host=evil.example"),
    (b"x-real-ip", b"6.6.6.6"),
]


@pytest.mark.parametrize("told_by", ["x-forwarded", "forwarded"])
@pytest.mark.parametrize("peer", [STRANGER, None])
async def test_strangers_are_not_heard(peer: tuple[str, int] | None, told_by: str) -> None:
    scope = await seen(FORGED, peer, told_by)
    assert (scope["client"], scope["scheme"]) == (peer, "http")
    assert scope["server"] == ("10.0.0.9", 8024)
    assert scope["headers"] == [(b"host", b"node:8024"), (b"x-other", b"1")]
    assert scope["state"] == {UNKNOWN_BALANCER: True}


async def test_a_balancer_is_believed_and_its_headers_go_no_further() -> None:
    scope = await seen(
        [
            (b"x-forwarded-for", b"6.6.6.6, 192.0.2.1"),
            (b"x-forwarded-proto", b"https"),
            (b"x-forwarded-host", b"www.example.org"),
            (b"forwarded", b"for=6.6.6.6;host=evil.example"),
        ]
    )
    assert (scope["client"], scope["scheme"]) == (("192.0.2.1", 0), "https")
    assert scope["server"] == ("www.example.org", 443)
    assert scope["headers"] == [(b"host", b"www.example.org"), (b"x-other", b"1")]
    assert scope["state"] == {}


async def test_the_standard_header_is_believed_where_it_is_the_one_they_set() -> None:
    headers = [(b"forwarded", b"for=192.0.2.1;proto=https"), (b"x-forwarded-for", b"6.6.6.6")]
    scope = await seen(headers, told_by="forwarded")
    assert (scope["client"], scope["scheme"]) == (("192.0.2.1", 0), "https")
    assert scope["headers"] == [(b"host", b"node:8024"), (b"x-other", b"1")]
    assert await seen([(b"forwarded", b"for")], told_by="forwarded") == {"status": 400}


@pytest.mark.parametrize(
    ("host", "port", "proto", "expected"),
    [
        (b"www.example.org", b"443", b"https", (b"www.example.org", ("www.example.org", 443))),
        (b"a.example", b"8443", b"https", (b"a.example:8443", ("a.example", 8443))),
        (b"www.example.org:81", b"82", b"http", (b"www.example.org:81", ("www.example.org", 81))),
        (b"[2001:db8::1]", b"8443", b"https", (b"[2001:db8::1]:8443", ("[2001:db8::1]", 8443))),
        (b"", b"8443", b"https", (b"node:8024", ("node", 8443))),
        (b"", b"", b"https", (b"node:8024", ("10.0.0.9", 8024))),
    ],
)
async def test_host_and_port_are_those_of_the_browser(
    host: bytes, port: bytes, proto: bytes, expected: tuple[bytes, tuple[str, int]]
) -> None:
    told = {b"x-forwarded-host": host, b"x-forwarded-port": port, b"x-forwarded-proto": proto}
    scope = await seen([(name, value) for name, value in told.items() if value])
    assert (dict(scope["headers"])[b"host"], scope["server"]) == expected


async def test_without_such_headers_nothing_is_changed() -> None:
    scope = await seen([], STRANGER)
    assert (scope["client"], scope["state"]) == (STRANGER, {})
