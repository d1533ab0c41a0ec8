"""What the rendered files make of real balancers, in front of nodes that are played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import pytest

from ranvier.balancer.options import Listen, RenderOptions, Stickiness
from ranvier.balancer.render_haproxy import render_haproxy
from ranvier.balancer.render_nginx import render_nginx
from tests.support.balanced_nodes import nodes_of
from tests.support.haproxy import Haproxy, haproxies
from tests.support.nginx import Nginx, nginxes
from tests.support.played_nodes import PlayedNode, played_nodes


@dataclass(frozen=True, slots=True)
class Edge:
    """A balancer and the way in which its file is made."""

    program: Haproxy | Nginx
    is_modern: bool = False

    @property
    def name(self) -> str:
        return f"{self.program.name}{'-modern' if self.is_modern else ''}"

    @contextmanager
    def before(
        self, nodes: list[PlayedNode], sticky: Stickiness = Stickiness.COOKIE
    ) -> Iterator[httpx2.Client]:
        """Run it before these nodes, the first one twice as strong; yield a client of it."""
        listed = nodes_of(nodes[0].listed(weight=2), *(each.listed() for each in nodes[1:]))
        render = render_haproxy if isinstance(self.program, Haproxy) else render_nginx

        def text_for(port: int) -> str:
            options = RenderOptions(
                sticky=sticky, listen=Listen("127.0.0.1", port), is_modern=self.is_modern
            )
            # These nodes are never ill, however slow the machine is.
            return render(listed, options)[0].text.replace(" fall 2 ", " fall 1000 ")

        with (
            self.program.running(text_for) as running,
            httpx2.Client(base_url=running.url, timeout=60, trust_env=False) as client,
        ):
            yield client


EDGES = [
    *map(Edge, haproxies()),
    *map(Edge, nginxes()),
    *(Edge(each, is_modern=True) for each in nginxes() if each.knows_sticky),
]
every_edge = pytest.mark.parametrize("edge", EDGES, ids=lambda each: each.name)


def of(route: str) -> dict[str, str]:
    """Return the header of a user who has a session with a node."""
    return {"Cookie": f"other=1.2; JSESSIONID=0123456789abcdef.{route}"}


@every_edge
def test_users_stay_by_the_cookie_and_others_are_spread_by_weight(edge: Edge) -> None:
    with played_nodes("node1", "node-2") as nodes, edge.before(nodes) as client:
        for name in ("node1", "node-2"):
            assert {client.get("/", headers=of(name)).text for _ in range(6)} == {name}
        spread = Counter(client.get("/").text for _ in range(30))
        assert 18 <= spread["node1"] <= 22
        for strange in ("gone", "node1.node-2", "", "NODE1", "x" * 500, "backup"):
            assert client.get("/", headers=of(strange)).status_code == 200


@every_edge
def test_users_stay_by_their_address(edge: Edge) -> None:
    with (
        played_nodes("node1", "node2", "node3") as nodes,
        edge.before(nodes, Stickiness.ADDRESS) as client,
    ):
        assert len({client.get("/", headers=of(f"node{at % 3}")).text for at in range(12)}) == 1


@every_edge
def test_the_users_of_a_node_that_drains_stay_and_others_see_nothing_of_it(edge: Edge) -> None:
    with played_nodes("node1", "node2") as nodes, edge.before(nodes) as client:
        nodes[0].drains = True
        for _ in range(6):
            assert client.get("/cockpit", headers=of("node1")).text == "node1"
        for _ in range(6):
            assert client.post("/sign-in", content=b"a=b").text == "node2"
            assert client.get("/cockpit").text == "node2"
        assert len(nodes[0].paths) > 6


@every_edge
def test_a_call_that_may_have_run_is_not_made_again(edge: Edge) -> None:
    with played_nodes("node1", "node2") as nodes, edge.before(nodes) as client:
        for each in nodes:
            each.breaks_off = True
        assert client.post("/v1/commands", content=b"{}").status_code in {502, 504}
        assert sum(len(each.paths) for each in nodes) == 1


@every_edge
def test_a_form_whose_node_is_lost_goes_to_another_one(edge: Edge) -> None:
    with played_nodes("node1", "node2") as nodes, edge.before(nodes) as client:
        nodes[0].breaks_off = True
        answer = client.post("/cockpit/configuration", content=b"a=b", headers=of("node1"))
        assert answer.text == "node2"
        assert nodes[0].paths == nodes[1].paths == ["/cockpit/configuration"]


@every_edge
def test_it_answers_for_itself_and_replaces_what_users_say_of_their_address(edge: Edge) -> None:
    forged = {
        "Forwarded": "for=192.0.2.66",
        "X-Forwarded-For": "192.0.2.66",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example.org",
        "X-Forwarded-Prefix": "/evil",
        "Host": "edge.example.org",
    }
    with played_nodes("node1") as nodes, edge.before(nodes) as client:
        assert client.get("/balancer/health").status_code == 200
        assert nodes[0].paths == []
        assert client.get("/", headers=forged).status_code == 200
        (seen,) = nodes[0].headers
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-host"] == seen["host"] == "edge.example.org"
    assert "forwarded" not in seen
    assert not seen.get("x-forwarded-prefix")
