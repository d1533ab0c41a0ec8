"""The files that we render are taken by the programs that they are for, without a warning."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from ranvier.balancer.options import RenderOptions, Stickiness, read_listen
from ranvier.balancer.render_haproxy import render_haproxy
from ranvier.balancer.render_nginx import render_nginx
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of, on_loopback
from tests.support.haproxy import Haproxy, haproxies
from tests.support.nginx import Nginx, nginxes

NODES = nodes_of(
    *on_loopback([*IVY_NODES, listed_node("default", state="draining"), listed_node("-")]),
    listed_node("six", host="::1", weight=256),
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("tls") / "site.pem"
    issued = trustme.CA().issue_cert("edge.example.org")
    path.write_bytes(
        issued.private_key_pem.bytes() + b"".join(each.bytes() for each in issued.cert_chain_pems)
    )
    return str(path)


def ways(certificate: str) -> list[RenderOptions]:
    """Return every way of a file that both have."""
    listen = read_listen("127.0.0.1:18080")
    return [
        RenderOptions("ranvier", Stickiness.COOKIE, listen),
        RenderOptions("http", Stickiness.ADDRESS, listen),
        RenderOptions("Axon-Ivy_Engine", Stickiness.COOKIE, listen, certificate),
    ]


@pytest.mark.parametrize("haproxy", haproxies(), ids=lambda each: each.name)
def test_haproxy_takes_its_file(haproxy: Haproxy, certificate: str) -> None:
    for options in ways(certificate):
        haproxy.check(render_haproxy(NODES, options)[0].text)


@pytest.mark.parametrize("nginx", nginxes(), ids=lambda each: each.name)
def test_nginx_takes_its_file(nginx: Nginx, certificate: str) -> None:
    for options in ways(certificate):
        nginx.check(render_nginx(NODES, options)[0].text)


@pytest.mark.parametrize(
    "nginx", [each for each in nginxes() if each.knows_sticky], ids=lambda each: each.name
)
def test_a_newer_nginx_takes_its_modern_file(nginx: Nginx, certificate: str) -> None:
    for each in ways(certificate):
        modern = RenderOptions(each.name, each.sticky, each.listen, each.tls, is_modern=True)
        nginx.check(render_nginx(NODES, modern)[0].text)
