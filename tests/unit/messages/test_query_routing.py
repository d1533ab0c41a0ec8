"""Routing: one handler of each component, by turns, the best by tags first."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.handler import Handler
from ranvier.messages.query_routing import QueryRouting
from ranvier.messages.subscriptions import SubscriptionTable
from tests.support.message_handlers import candidates, handler

A1, A2 = handler("a1", component="a"), handler("a2", component="a")
B1 = handler("b1", component="b")
EAST = handler("east", component="a", tags={"zone": "east"})
WEST = handler("west", component="a", tags={"zone": "west"})
FAR = handler("far", component="a", node="node-2")
FARTHER = handler("farther", component="a", node="node-3")
FAR_EAST = handler("far-east", component="a", tags={"zone": "east"}, node="node-2")


def no_metadata() -> dict[str, str]:
    return {}


def never() -> dict[str, str]:
    raise AssertionError("nobody has tags: the metadata must not be read")


@pytest.mark.parametrize(
    ("handlers", "rounds"),
    [
        ([], [(), ()]),
        ([A1], [(A1,), (A1,)]),
        ([A1, A2], [(A1,), (A2,), (A1,)]),
        ([A1, B1], [(A1, B1), (A1, B1)]),
        ([A1, B1, A2], [(A1, B1), (A2, B1), (A1, B1)]),
    ],
)
def test_one_of_each_component_by_turns(
    handlers: list[Handler], rounds: list[tuple[Handler, ...]]
) -> None:
    routing = QueryRouting()
    offered = candidates(*handlers)
    assert [routing.choose(offered, never) for _ in rounds] == rounds


@pytest.mark.parametrize(
    ("handlers", "metadata", "rounds"),
    [
        ([A1, FAR], {}, [A1, A1]),
        ([FAR, A1, A2], {}, [A1, A2, A1]),
        ([FAR, FARTHER], {}, [FAR, FARTHER, FAR]),
        ([FAR_EAST, WEST], {"zone": "east"}, [FAR_EAST, FAR_EAST]),
        ([FAR_EAST, EAST], {"zone": "east"}, [EAST, EAST]),
    ],
)
def test_a_handler_of_this_node_goes_before_others_where_tags_do_not_decide(
    handlers: list[Handler], metadata: dict[str, str], rounds: list[Handler]
) -> None:
    routing = QueryRouting()
    offered = candidates(*handlers)
    assert [routing.choose(offered, lambda: metadata) for _ in rounds] == [
        (each,) for each in rounds
    ]


def test_each_component_is_asked_once_wherever_its_handlers_are() -> None:
    routing = QueryRouting()
    assert routing.choose(candidates(FAR, B1), never) == (FAR, B1)


def test_who_was_tried_is_not_chosen_again() -> None:
    routing = QueryRouting()
    offered = candidates(A1, FAR, B1)
    assert routing.choose_of(offered, "a", never, {A1}) is FAR
    assert routing.choose_of(offered, "a", never, {A1, FAR}) is None


@pytest.mark.parametrize(
    ("metadata", "chosen"),
    [
        ({"zone": "east"}, {EAST}),
        ({"zone": "west"}, {WEST}),
        ({"zone": "south"}, {A1}),
        ({}, {EAST, WEST, A1}),
    ],
)
def test_tags_decide_within_a_component(metadata: dict[str, str], chosen: set[Handler]) -> None:
    routing = QueryRouting()
    offered = candidates(EAST, WEST, A1, B1)
    found = {each for _ in range(6) for each in routing.choose(offered, lambda: metadata)}
    assert found == {*chosen, B1}


def test_turns_go_on_when_others_come_and_go() -> None:
    table = SubscriptionTable()
    routing = QueryRouting()
    for each in (A1, A2, B1):
        table.subscribe("default", "Find", each)
    first = routing.choose(table.candidates("default", "Find"), never)
    table.unsubscribe("default", "Find", B1)
    second = routing.choose(table.candidates("default", "Find"), never)
    assert (first, second) == ((A1, B1), (A2,))


def test_another_handler_of_a_component_is_found_if_there_is_one() -> None:
    routing = QueryRouting()
    offered = candidates(A1, B1)
    assert routing.choose_of(offered, "a", no_metadata) is A1
    assert routing.choose_of(offered, "c", no_metadata) is None
    assert routing.choose_of((), "a", no_metadata) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranvier.messages.query_routing.ROUTES_MAX", 3)
    routing = QueryRouting()
    for number in range(10):
        routing.choose(candidates(A1, A2, name=f"Find{number}"), never)
    assert 1 <= routing.kept_routes <= 3


@given(st.integers(1, 7), st.integers(1, 5))
def test_work_is_shared_evenly(handlers: int, rounds: int) -> None:
    routing = QueryRouting()
    own = [handler(number, component="a") for number in range(handlers)]
    offered = candidates(*own)
    chosen = Counter(routing.choose(offered, never)[0] for _ in range(handlers * rounds))
    assert set(chosen.values()) == {rounds}
    assert set(chosen) == set(own)
