"""A real HAProxy before the HTTP listener: headers it sets, PROXY headers it sends."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from ranvier.web.edge import Edge
from ranvier.web.http_server import HttpAddress, HttpServer
from ranvier.web.open_streams import OpenStreams
from ranvier.web.trusted_networks import TrustedNetworks
from tests.support.ajp_application import Mirror
from tests.support.haproxy import Haproxy, haproxies

pytestmark = pytest.mark.parametrize("haproxy", haproxies(), ids=lambda each: each.name)

CLIENT = "127.0.0.2"
"""Another address of this machine than HAProxy's own, which alone is trusted."""
BALANCER = TrustedNetworks([ip_network("127.0.0.1")])
PATIENCE_SECONDS = 60.0
FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "Forwarded": "for=6.6.6.6;proto=https;host=evil",
}

TIMES = """
defaults
  timeout connect 20s
  timeout client 60s
  timeout server 60s
"""
HTTP = """
frontend front
  mode http
  bind 127.0.0.1:{port}
  {set}
  default_backend nodes
backend nodes
  mode http
  server node1 127.0.0.1:{node}
"""
TCP = """
listen front
  mode tcp
  bind 127.0.0.1:{port} {tls}
  server node1 127.0.0.1:{node} check check-send-proxy inter 1s {send}
"""


@asynccontextmanager
async def seen_through(
    haproxy: Haproxy, edge: Edge, text: str, **values: str
) -> AsyncIterator[str]:
    """Yield where HAProxy listens before a node."""
    server = HttpServer(Mirror(), HttpAddress("127.0.0.1", 0), OpenStreams(), edge=edge)
    await server.start()

    def configuration(port: int) -> str:
        return TIMES + text.format(port=port, node=server.port, **values)

    try:
        with haproxy.running(configuration) as running:
            yield f"127.0.0.1:{running.port}"
    finally:
        await server.stop(grace_seconds=0)


async def scope_of(address: str, context: ssl.SSLContext | None = None) -> dict[str, Any]:
    """Ask from the client's address, with every header that a forger would send."""
    transport = httpx2.AsyncHTTPTransport(local_address=CLIENT, verify=context or True)
    scheme = "https" if context else "http"
    async with httpx2.AsyncClient(transport=transport, timeout=PATIENCE_SECONDS) as client:
        response = await client.get(f"{scheme}://{address}/mirror", headers=FORGED)
    scope: dict[str, Any] = json.loads(response.text)
    assert "6.6.6.6" not in response.text
    return scope


@pytest.mark.parametrize(
    "set_headers",
    [
        "option forwardfor\n  http-request set-header X-Forwarded-Proto http",
        (
            "http-request set-header X-Forwarded-For %[src]\n"
            "  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]"
        ),
    ],
)
async def test_its_headers_tell_the_client(haproxy: Haproxy, set_headers: str) -> None:
    async with seen_through(haproxy, Edge(BALANCER), HTTP, set=set_headers) as address:
        scope = await scope_of(address)
    assert (scope["client"], scope["scheme"]) == ([CLIENT, 0], "http")
    assert ["host", address] in scope["headers"]


async def test_the_standard_header_tells_the_client(haproxy: Haproxy) -> None:
    edge = Edge(BALANCER, "forwarded")
    setting = 'http-request set-header Forwarded "for=%[src];proto=http"'
    async with seen_through(haproxy, edge, HTTP, set=setting) as address:
        assert (await scope_of(address))["client"] == [CLIENT, 0]


async def test_a_node_that_was_not_told_of_it_believes_nothing(haproxy: Haproxy) -> None:
    setting = "option forwardfor"
    async with seen_through(haproxy, Edge(), HTTP, set=setting) as address:
        assert (await scope_of(address))["client"][0] == "127.0.0.1"


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
async def test_its_proxy_header_tells_the_client(haproxy: Haproxy, send: str) -> None:
    edge = Edge(BALANCER, expects_preamble=True)
    async with seen_through(haproxy, edge, TCP, tls="", send=send) as address:
        for _ in range(3):
            scope = await scope_of(address)
            assert (scope["client"][0], scope["scheme"]) == (CLIENT, "http")
            assert scope["client"][1] > 0
            assert f"{scope['server'][0]}:{scope['server'][1]}" == address


async def test_its_proxy_header_tells_of_tls(haproxy: Haproxy, tmp_path: Path) -> None:
    authority, certificate = trustme.CA(), tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    edge = Edge(BALANCER, expects_preamble=True)
    tls, send = f"ssl crt {certificate}", "send-proxy-v2-ssl"
    async with seen_through(haproxy, edge, TCP, tls=tls, send=send) as address:
        scope = await scope_of(address, context)
    assert (scope["client"][0], scope["scheme"]) == (CLIENT, "https")


async def test_a_proxy_header_that_nobody_asked_for_is_refused(haproxy: Haproxy) -> None:
    edge, client = Edge(BALANCER), httpx2.AsyncClient(timeout=PATIENCE_SECONDS)
    async with seen_through(haproxy, edge, TCP, tls="", send="send-proxy") as address, client:
        assert (await client.get(f"http://{address}/mirror")).status_code == 400
