"""Who may drain, and what a draining node does, rule by rule."""

from __future__ import annotations

from typing import Final

import pytest

from ranvier.cluster.draining import (
    ASK_AGAIN_SECONDS,
    DRAIN_SECONDS,
    Drain,
    DrainableNode,
    DrainStep,
    check_may_drain,
    check_may_resume,
)
from ranvier.cluster.errors import DrainError, LastReadyNode, NodeNotRunning, UnknownNode

READY: Final = DrainableNode("one", is_running=True, is_ready=True)
OTHER: Final = DrainableNode("two", is_running=True, is_ready=True)
ASIDE: Final = DrainableNode("two", is_running=True)
DOWN: Final = DrainableNode("two", is_running=False)
DRAINING: Final = DrainableNode("two", is_running=False, is_draining=True)


@pytest.mark.parametrize(
    ("name", "nodes", "refusal"),
    [
        ("one", [READY, OTHER], None),
        ("one", [READY], LastReadyNode),
        ("one", [READY, DOWN], LastReadyNode),
        ("one", [READY, ASIDE], LastReadyNode),
        ("two", [READY, ASIDE], None),
        ("one", [READY, DRAINING], LastReadyNode),
        ("two", [READY, DRAINING], None),
        ("two", [DRAINING], None),
        ("two", [READY, DOWN], NodeNotRunning),
        ("three", [READY, OTHER], UnknownNode),
        ("one", [], UnknownNode),
    ],
)
def test_a_node_drains_while_another_one_is_ready(
    name: str, nodes: list[DrainableNode], refusal: type[DrainError] | None
) -> None:
    if refusal is None:
        check_may_drain(name, nodes)
    else:
        with pytest.raises(refusal, match=name):
            check_may_drain(name, nodes)


@pytest.mark.parametrize(
    ("name", "nodes", "refusal"),
    [
        ("two", [READY, DRAINING], None),
        ("one", [READY], None),
        ("two", [READY, DOWN], NodeNotRunning),
        ("three", [READY], UnknownNode),
    ],
)
def test_a_node_that_runs_may_resume(
    name: str, nodes: list[DrainableNode], refusal: type[DrainError] | None
) -> None:
    if refusal is None:
        check_may_resume(name, nodes)
    else:
        with pytest.raises(refusal, match=name):
            check_may_resume(name, nodes)


@pytest.mark.parametrize(
    ("clients", "asked_at", "has_cut", "after_seconds", "step"),
    [
        (0, None, False, 0.0, DrainStep.EMPTY),
        (0, 100.0, True, 99.0, DrainStep.EMPTY),
        (3, None, False, 0.0, DrainStep.ASK),
        (3, 100.0, False, 0.1, DrainStep.WAIT),
        (3, 100.0, False, ASK_AGAIN_SECONDS, DrainStep.ASK),
        (3, 100.0, False, DRAIN_SECONDS, DrainStep.CUT),
        (3, None, False, DRAIN_SECONDS, DrainStep.CUT),
        (3, 160.0, True, DRAIN_SECONDS + 1, DrainStep.WAIT),
        (3, 160.0, True, DRAIN_SECONDS + ASK_AGAIN_SECONDS, DrainStep.CUT),
    ],
)
def test_clients_are_asked_then_awaited_then_cut(
    clients: int, asked_at: float | None, *, has_cut: bool, after_seconds: float, step: DrainStep
) -> None:
    drain = Drain(began_at=100.0, asked_at=asked_at, has_cut=has_cut)
    assert drain.step(clients=clients, now=100.0 + after_seconds) is step


def test_clients_that_came_while_nobody_else_was_there_get_the_whole_time() -> None:
    drain = Drain(began_at=100.0, asked_at=160.0, has_cut=True).alone(300.0)
    assert drain.step(clients=1, now=300.0 + DRAIN_SECONDS - 1) is DrainStep.ASK
    assert drain.step(clients=1, now=300.0 + DRAIN_SECONDS) is DrainStep.CUT


def test_the_time_of_a_drain_goes_on_where_nobody_was_cut_yet() -> None:
    drain = Drain(began_at=100.0, asked_at=100.0)
    assert drain.alone(130.0) == drain
