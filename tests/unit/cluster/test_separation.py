from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.cluster.separation import (
    APART_SECONDS,
    LinkedNode,
    Pair,
    apart_since,
    pairs_apart,
    standing_aside,
)

NAMES = "abcde"


def nodes_with(lacks: dict[str, str], names: str = NAMES) -> list[LinkedNode]:
    return [LinkedNode(f"id-{n}", n, [f"id-{o}" for o in lacks.get(n, "")]) for n in names]


def aside(lacks: dict[str, str], names: str = NAMES) -> str:
    """Return the names of those that stand aside after they were apart for long enough."""
    nodes = nodes_with(lacks, names)
    since = apart_since({}, nodes, 100.0)
    found = standing_aside(nodes, since, 100.0 + APART_SECONDS)
    return "".join(sorted(node_id.removeprefix("id-") for node_id in found))


@pytest.mark.parametrize(
    ("lacks", "expected"),
    [
        ({}, ""),
        ({"a": "b", "b": "a"}, "b"),  # a tie: the later name
        ({"a": "b"}, "b"),  # seen by one side only
        ({"b": "a"}, "b"),
        ({"a": "bc"}, "a"),  # it lacks more
        ({"a": "bcde", "b": "a", "c": "a", "d": "a", "e": "a"}, "a"),
        ({"a": "b", "b": "c", "c": "d"}, "bc"),
        ({"a": "bcde", "b": "cde", "c": "de", "d": "e"}, "bcde"),  # all apart: the first stays
        ({"a": "xa"}, ""),  # of nodes that do not run, and of oneself, nothing is lacked
    ],
)
def test_who_stands_aside(lacks: dict[str, str], expected: str) -> None:
    assert aside(lacks) == expected


def test_a_node_alone_never_stands_aside() -> None:
    assert aside({"a": "bcde"}, names="a") == ""


def test_nobody_stands_aside_before_the_time_is_over() -> None:
    nodes = nodes_with({"a": "b"})
    since = apart_since({}, nodes, 100.0)
    assert standing_aside(nodes, since, 99.9 + APART_SECONDS) == frozenset()
    since = apart_since(since, nodes, 103.0)
    assert standing_aside(nodes, since, 100.0 + APART_SECONDS) == {"id-b"}


def test_a_link_that_came_back_begins_its_time_anew() -> None:
    since = apart_since({}, nodes_with({"a": "b"}), 100.0)
    since = apart_since(since, nodes_with({}), 102.0)
    assert since == {}
    since = apart_since(since, nodes_with({"a": "b"}), 104.0)
    assert standing_aside(nodes_with({"a": "b"}), since, 105.0) == frozenset()


def test_a_pair_of_which_one_has_left_counts_no_more() -> None:
    since = apart_since({}, nodes_with({"a": "b"}), 100.0)
    assert standing_aside(nodes_with({}, names="bcd"), since, 200.0) == frozenset()


pairs = st.sets(st.sampled_from([frozenset(each) for each in itertools.combinations(NAMES, 2)]))


@given(apart=pairs, chance=st.randoms(use_true_random=False), one_sided=st.booleans())
def test_those_who_stay_are_all_linked_and_everybody_agrees(
    *, apart: set[Pair], chance: random.Random, one_sided: bool
) -> None:
    lacks: dict[str, str] = {}
    for one, other in map(sorted, apart):
        lacks[one] = lacks.get(one, "") + other
        if not one_sided:
            lacks[other] = lacks.get(other, "") + one
    nodes = nodes_with(lacks)
    since = apart_since({}, nodes, 0.0)
    gone = standing_aside(nodes, since, APART_SECONDS)
    shuffled = nodes[:]
    chance.shuffle(shuffled)
    assert standing_aside(shuffled, since, APART_SECONDS) == gone
    staying = [node for node in nodes if node.node_id not in gone]
    assert staying, "somebody always stays"
    assert pairs_apart(staying) == frozenset()
    for node_id in gone:
        assert any(node_id in pair for pair in pairs_apart(nodes))
