"""What the rendered file makes of Apache's mod_proxy, in front of nodes that are played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from ranvier.balancer.options import RenderOptions
from ranvier.balancer.render_mod_proxy import render_mod_proxy
from tests.support.apache import running_apache
from tests.support.apache_check import MOD_PROXY_MODULES
from tests.support.balanced_nodes import nodes_of
from tests.support.played_nodes import PlayedNode, played_nodes


@contextmanager
def mod_proxy(
    directory: Path, nodes: list[PlayedNode], *, checks_soon: bool = False
) -> Iterator[httpx2.Client]:
    """Run httpd before these nodes, the first one twice as strong; yield a client of it."""
    listed = nodes_of(nodes[0].listed(weight=2), *(each.listed() for each in nodes[1:]))
    text = render_mod_proxy(listed, RenderOptions())[0].text
    # It listens at a free port, which the fixture has found.
    text = text.replace("<VirtualHost *:80>", "<VirtualHost *:*>")
    if not checks_soon:
        # Nodes are never ill then, however slow the machine is.
        text = text.replace("hcfails=2", "hcfails=1000")
    with (
        running_apache(directory, text, MOD_PROXY_MODULES) as apache,
        httpx2.Client(base_url=apache.url, timeout=60, trust_env=False) as client,
    ):
        yield client


def of(route: str) -> dict[str, str]:
    return {"Cookie": f"JSESSIONID=0123456789abcdef.{route}"}


def test_users_stay_by_the_cookie_and_others_are_spread_by_weight(tmp_path: Path) -> None:
    with played_nodes("node1", "node-2") as nodes, mod_proxy(tmp_path, nodes) as client:
        for name in ("node1", "node-2"):
            assert {client.get("/", headers=of(name)).text for _ in range(6)} == {name}
        spread = Counter(client.get("/").text for _ in range(30))
        assert 18 <= spread["node1"] <= 22
        for strange in ("gone", "node1.node-2", ""):
            assert client.get("/", headers=of(strange)).status_code == 200


def test_a_node_that_is_not_ready_is_left_and_its_users_go_elsewhere(tmp_path: Path) -> None:
    with (
        played_nodes("node1", "node2") as nodes,
        mod_proxy(tmp_path, nodes, checks_soon=True) as client,
    ):
        nodes[0].is_ready = False
        while client.get("/", headers=of("node1")).text != "node2":
            nodes[0].health_seen.clear()
            assert nodes[0].health_seen.wait(60)
        assert {client.get("/").text for _ in range(6)} == {"node2"}


def test_what_users_say_of_their_address_is_replaced(tmp_path: Path) -> None:
    forged = {
        "Forwarded": "for=192.0.2.66",
        "X-Forwarded-For": "192.0.2.66",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example.org",
        "X-Forwarded-Prefix": "/evil",
        "Host": "edge.example.org",
    }
    with played_nodes("node1") as nodes, mod_proxy(tmp_path, nodes) as client:
        assert client.get("/a%2Fb", headers=forged).status_code == 200
        (seen,) = nodes[0].headers
    assert nodes[0].paths == ["/a%2Fb"]
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-host"] == seen["host"] == "edge.example.org"
    assert not {"forwarded", "x-forwarded-prefix"} & set(seen)
