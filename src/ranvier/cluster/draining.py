"""Draining a node: who may, what it does next, and when its time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from ranvier.cluster.errors import LastReadyNode, NodeNotRunning, UnknownNode

DRAIN_SECONDS: Final = 60.0
"""From the order to the end of the streams that are still there (correctness rule 16)."""

ASK_AGAIN_SECONDS: Final = 5.0
"""Between two requests to a client that is still there: it may have had nowhere to go."""


@dataclass(frozen=True, slots=True)
class DrainableNode:
    """A node as far as it matters to whether another one may drain."""

    name: str
    is_running: bool
    """It says so of itself."""
    is_ready: bool = False
    """Clients can be sent to it, as far as is known."""
    is_draining: bool = False


class DrainStep(Enum):
    """What a draining node does now."""

    ASK = "ask"
    """Ask the clients that are still there to go elsewhere."""
    WAIT = "wait"
    CUT = "cut"
    """End the streams that are still there: their time is over."""
    EMPTY = "empty"
    """Nothing is left to be done: nobody is there any more."""


def check_may_drain(name: str, nodes: Sequence[DrainableNode]) -> None:
    """Raise why this node may not drain; one that drains already may.

    Raises `UnknownNode`, `NodeNotRunning`, or `LastReadyNode` where no other node is ready to take
    its clients.
    """
    node = next((each for each in nodes if each.name == name), None)
    if node is None:
        raise UnknownNode(name)
    if node.is_draining:
        return
    if not node.is_running:
        raise NodeNotRunning(name)
    if not any(each.is_ready for each in nodes if each.name != name):
        raise LastReadyNode(name)


def check_may_resume(name: str, nodes: Sequence[DrainableNode]) -> None:
    """Raise why this node cannot take clients again; one that takes them already may.

    Raises `UnknownNode` or `NodeNotRunning`.
    """
    node = next((each for each in nodes if each.name == name), None)
    if node is None:
        raise UnknownNode(name)
    if not (node.is_draining or node.is_running):
        raise NodeNotRunning(name)


@dataclass(frozen=True, slots=True)
class Drain:
    """A drain that was begun, in seconds of the node's own clock."""

    began_at: float
    seconds: float = DRAIN_SECONDS
    asked_at: float | None = None
    """When the clients were last asked to go, or their streams ended; None before that."""
    has_cut: bool = False

    def alone(self, now: float) -> Drain:
        """Return the drain where nobody else is there: those who come now get its whole time."""
        return replace(self, began_at=now, has_cut=False) if self.has_cut else self

    def step(self, *, clients: int, now: float) -> DrainStep:
        """Return what is to be done now, with so many streams of clients still open."""
        if not clients:
            return DrainStep.EMPTY
        is_time_to_ask = self.asked_at is None or now >= self.asked_at + ASK_AGAIN_SECONDS
        if now < self.began_at + self.seconds:
            return DrainStep.ASK if is_time_to_ask else DrainStep.WAIT
        # Whoever is there after the cut has come since, while nobody else was there for it.
        return DrainStep.CUT if is_time_to_ask or not self.has_cut else DrainStep.WAIT
