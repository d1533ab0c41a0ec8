from __future__ import annotations

import pytest

from ranvier.balancer.errors import CannotRender, NodeLacks
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness
from ranvier.balancer.render_mod_proxy import render_mod_proxy
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of

AJP = RenderOptions(protocol=Protocol.AJP)


def members(options: RenderOptions, *nodes: dict[str, object]) -> list[list[str]]:
    """Render nodes and return the words of each member."""
    (file,) = render_mod_proxy(nodes_of(*(nodes or IVY_NODES)), options)
    assert file.name == "ranvier-proxy.conf"
    return [line.split()[1:] for line in file.text.splitlines() if "BalancerMember" in line]


def test_by_http_each_node_is_asked_whether_it_is_ready() -> None:
    first, second = members(RenderOptions())
    assert first[0] == "http://ivynode1:8024"
    assert {"route=ivynode1", "loadfactor=2", "hcuri=/health/ready"} <= set(first)
    assert {"route=ivynode2", "loadfactor=1", "flushpackets=on"} <= set(second)


def test_by_ajp_the_secret_is_a_reference() -> None:
    first, second = members(AJP)
    assert (first[0], second[0]) == ("ajp://ivynode1:8009", "ajp://ivynode2:8010")
    assert {"secret=${RANVIER_AJP_SECRET}", "hcmethod=CPING"} <= set(first)


def test_a_node_without_ajp_is_named_where_ajp_is_wanted() -> None:
    quiet = listed_node("quiet", ajpPort=None)
    assert members(RenderOptions(), quiet)
    with pytest.raises(NodeLacks, match="quiet"):
        members(AJP, quiet)


def test_a_node_that_drains_is_marked() -> None:
    (only,) = members(RenderOptions(), listed_node("a", state="draining"))
    assert only[-1] == "status=+N"


@pytest.mark.parametrize(
    ("weights", "factors"),
    [((100, 1), ["100", "1"]), ((200, 2), ["100.00", "1.00"]), ((256, 3), ["100.00", "1.17"])],
)
def test_weights_stay_within_what_it_knows(weights: tuple[int, int], factors: list[str]) -> None:
    nodes = [listed_node(f"n{at}", httpPort=8000 + at, weight=w) for at, w in enumerate(weights)]
    found = [word for words in members(RenderOptions(), *nodes) for word in words]
    assert [each.split("=")[1] for each in found if each.startswith("loadfactor=")] == factors


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(CannotRender, match="weight above 100 times"):
        members(RenderOptions(), listed_node("a", weight=256), listed_node("b", httpPort=1))
    with pytest.raises(CannotRender, match="mod_proxy cannot keep users by their address"):
        members(RenderOptions(sticky=Stickiness.ADDRESS))
