"""What holds for every balancer's file."""

from __future__ import annotations

import contextlib
import random
import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.balancer.errors import CannotRender
from ranvier.balancer.node_list import BalancedNode, read_nodes
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness, WebServer
from ranvier.balancer.render import RENDERERS
from tests.support.balanced_nodes import listed_node

EVERY_WAY = [
    RenderOptions(sticky=sticky, is_modern=is_modern, protocol=protocol, server=server, tls=tls)
    for sticky, is_modern, protocol, server, tls in product(
        Stickiness, (False, True), Protocol, WebServer, (None, "/etc/ssl/site.pem")
    )
]


def everything(kind: str, nodes: tuple[BalancedNode, ...]) -> list[str]:
    """Render a kind in every way that it has."""
    texts = []
    for options in EVERY_WAY:
        with contextlib.suppress(CannotRender):
            texts += ["".join(each.text for each in RENDERERS[kind](nodes, options))]
    return texts


@pytest.mark.parametrize("kind", RENDERERS)
def test_there_is_a_way_for_each_kind(kind: str) -> None:
    assert everything(kind, read_nodes([listed_node("a")]))


names = st.text(min_size=1, max_size=12)
routes = st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True)
hosts = st.sampled_from(["127.0.0.1", "::1", "a_b", "node-1.example.org", "192.0.2.7"])


@given(
    st.lists(
        st.builds(
            lambda name, route, host, weight, state: listed_node(
                name, jvmRoute=route, host=host, weight=weight, state=state
            ),
            names,
            routes,
            hosts,
            st.integers(1, 256),
            st.sampled_from(["running", "draining", "down", "stopped"]),
        ),
        min_size=1,
        max_size=6,
        unique_by=(lambda each: each["name"], lambda each: each["jvmRoute"].lower()),
    ),
    st.randoms(use_true_random=False),
    st.sampled_from(sorted(RENDERERS)),
)
def test_the_same_nodes_in_any_order_give_the_same_file(
    listed: list[dict[str, object]], shuffling: random.Random, kind: str
) -> None:
    listed = [
        each | {"httpPort": 10_000 + at, "ajpPort": 20_000 + at, "weight": _weight(kind, each)}
        for at, each in enumerate(listed)
    ]
    texts = everything(kind, read_nodes(listed))
    assert texts == everything(kind, read_nodes(shuffling.sample(listed, len(listed))))
    for text in texts:
        assert text.endswith("\n")
        assert text.isascii()
        assert not re.search(r"[^\n -~]", text)


def _weight(kind: str, node: dict[str, object]) -> object:
    """A service of Kubernetes knows no shares."""
    return 1 if kind == "kubernetes" else node["weight"]


@pytest.mark.parametrize(
    ("kind", "options", "each_line"),
    [
        ("haproxy", RenderOptions(), "server {route} {host}:{http}"),
        (
            "nginx",
            RenderOptions(),
            "    server {host}:{http} weight={weight} max_fails=1 fail_time",
        ),
        ("nginx", RenderOptions(is_modern=True), "route={route};"),
        ("mod_proxy", RenderOptions(), "BalancerMember http://{host}:{http} route={route}"),
        ("mod_proxy", RenderOptions(protocol=Protocol.AJP), "BalancerMember ajp://{host}:{ajp}"),
        ("mod_jk", RenderOptions(), ".route={route}"),
        ("kubernetes", RenderOptions(), "{route}"),
    ],
)
def test_every_node_is_there_once(kind: str, options: RenderOptions, each_line: str) -> None:
    listed = [
        listed_node(f"n{at}", host=f"host{at}", httpPort=8000, ajpPort=9000 + at)
        for at in range(1, 8)
    ]
    nodes = read_nodes(listed)
    text = "".join(file.text for file in RENDERERS[kind](nodes, options))
    for node in nodes:
        values = {
            "route": node.route, "host": node.host, "http": node.http_port, "ajp": node.ajp_port,
            "weight": node.weight,
        }  # fmt: skip
        lines = [line for line in text.splitlines() if each_line.format(**values) in line]
        assert len([line for line in lines if not line.endswith(" backup;")]) == 1


HOSTILE = [
    "a\nserver evil 192.0.2.66:1", "a;}", 'a"; evil "', "a # b", "$(evil)", "${evil}", "a\r\n",
    "\x00", "a: {evil: 1}", "</VirtualHost>", "%{evil}",
]  # fmt: skip


@pytest.mark.parametrize("kind", RENDERERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_says_nothing_in_a_file(kind: str, name: str) -> None:
    (node,) = read_nodes([listed_node(name, jvmRoute="route")])
    harmless = replace(node, name=node.shown_name)
    assert everything(kind, (node,)) == everything(kind, (harmless,))
    assert re.fullmatch(r"[A-Za-z0-9_.?-]+", node.shown_name)
