from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.balancer.errors import BalancerError, NodeLacks, UnusableNode
from ranvier.balancer.node_list import is_host, read_nodes
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of


def test_what_a_balancer_needs_is_read() -> None:
    first, second = nodes_of(*IVY_NODES)
    assert (first.name, first.host, first.route, first.weight) == (
        "ivynode1", "ivynode1", "ivynode1", 2,
    )  # fmt: skip
    assert (first.http_address, second.ajp_address) == ("ivynode1:8024", "ivynode2:8010")
    assert not first.is_draining


def test_nodes_are_sorted_by_name_with_numbers_as_numbers() -> None:
    listed = [listed_node(f"node-{at}", httpPort=8000 + at) for at in (10, 2, 1, 33)]
    assert [each.name for each in read_nodes(listed)] == ["node-1", "node-2", "node-10", "node-33"]


def test_the_order_in_the_list_does_not_matter() -> None:
    names = ("a", "a1", "1a", "01a", "x²", "b", "9" * 50)
    listed = [listed_node(name, host=f"h{at}", jvmRoute=f"r{at}") for at, name in enumerate(names)]
    expected = read_nodes(listed)
    for seed in range(20):
        assert read_nodes(random.Random(seed).sample(listed, len(listed))) == expected


def test_a_node_that_drains_is_known_as_one() -> None:
    assert nodes_of(listed_node("a", state="draining"))[0].is_draining


def test_a_node_without_ajp_says_so_when_it_is_needed() -> None:
    (node,) = nodes_of(listed_node("quiet", ajpPort=None))
    with pytest.raises(NodeLacks, match="quiet listens for no AJP"):
        _ = node.ajp_address


def test_an_ipv6_address_stands_in_brackets() -> None:
    (node,) = nodes_of(listed_node("a", host="2001:DB8:0::1"))
    assert node.http_address == "[2001:db8::1]:8024"


@pytest.mark.parametrize(
    "host",
    ["", "a b", "a\n", "a;", "a{", "-a", "a-", "a..b", "a" * 64, "[::1]", "fe80::1%eth0", "a#b",
     "ä", "a/b", "a:1", "$(A)", "${A}", "%h", '"', "'", "a\x00", ".".join(["a" * 60] * 5)],
)  # fmt: skip
def test_what_is_no_host_is_refused(host: str) -> None:
    assert not is_host(host)
    with pytest.raises(UnusableNode, match="host"):
        nodes_of(listed_node("a", host=host))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("jvmRoute", "a.b"),
        ("jvmRoute", "a" * 33),
        ("jvmRoute", "a\n"),
        ("jvmRoute", ""),
        ("jvmRoute", None),
        ("jvmRoute", "a;b"),
        ("httpPort", 0),
        ("httpPort", 65_536),
        ("httpPort", "8024"),
        ("httpPort", True),
        ("httpPort", None),
        ("ajpPort", "8009 secret=x"),
        ("weight", 0),
        ("weight", 257),
        ("weight", 1.5),
        ("host", 7),
        ("name", ""),
        ("name", None),
    ],
)
def test_a_field_of_another_form_is_refused_and_named(field: str, value: object) -> None:
    with pytest.raises(UnusableNode) as refused:
        nodes_of(listed_node("a") | {field: value})
    words = {"jvmRoute": "route", "name": "no name"}
    assert words.get(field, field) in str(refused.value)


@pytest.mark.parametrize(
    ("second", "what"),
    [
        ({"jvmRoute": "A"}, "route 'a'"),
        ({"name": "a"}, "name 'a'"),
        ({"httpPort": 8024}, "HTTP address"),
    ],
)
def test_what_two_nodes_share_is_refused(second: dict[str, Any], what: str) -> None:
    with pytest.raises(UnusableNode, match=what):
        nodes_of(listed_node("a"), listed_node("b", httpPort=8025) | second)


def test_no_nodes_and_far_too_many_are_refused() -> None:
    with pytest.raises(UnusableNode, match="empty"):
        read_nodes([])
    with pytest.raises(UnusableNode, match="1001 nodes"):
        read_nodes([listed_node(f"n{at}") for at in range(1001)])


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["name", "host", "httpPort", "ajpPort", "jvmRoute", "weight", "state"]),
            st.none() | st.text(max_size=9) | st.integers() | st.booleans() | st.floats(),
        ),
        max_size=3,
    )
)
def test_any_list_is_read_or_refused_in_one_sentence(listed: list[dict[str, object]]) -> None:
    sentence = "."
    try:
        read_nodes(listed)
    except BalancerError as refused:
        sentence = str(refused)
    assert sentence.endswith(".")
    assert "\n" not in sentence
