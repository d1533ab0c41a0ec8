"""A picture of the links between nodes, and the same in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from ranvier.services.node_report import ReportedLink
from ranvier.web.cockpit.figures import milliseconds_text
from ranvier.web.cockpit.node_lines import NodeLine
from ranvier.web.cockpit.texts import _

WIDTH: Final = 560
HEIGHT: Final = 300
MARGIN_ACROSS: Final = 90
MARGIN_DOWN: Final = 52

DRAWN_NODES: Final = 16
"""More than these on one circle are no picture any more; the list says it better."""


class LinkState(StrEnum):
    """What is known of a link."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PicturedNode:
    """A node, and where it lies."""

    line: NodeLine
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class PicturedLink:
    """A line between two nodes that take part; `words` say the same."""

    ends: tuple[PicturedNode, PicturedNode]
    state: LinkState
    words: str


@dataclass(frozen=True, slots=True)
class MeshPicture:
    """All of it; `left_out` are the nodes that were too many."""

    nodes: Sequence[PicturedNode]
    links: Sequence[PicturedLink]
    left_out: int
    width: int = WIDTH
    height: int = HEIGHT

    def count(self, state: str) -> int:
        """Return how many links are in a state."""
        return sum(link.state == state for link in self.links)


def mesh_picture(lines: Sequence[NodeLine]) -> MeshPicture:
    """Return the picture of these nodes on an ellipse, the first one at its top."""
    drawn = lines[:DRAWN_NODES]
    nodes = [placed(line, place, len(drawn)) for place, line in enumerate(drawn)]
    return MeshPicture(nodes, list(links_between(nodes)), len(lines) - len(drawn))


def placed(line: NodeLine, place: int, count: int) -> PicturedNode:
    """Return a node at its place among so many."""
    if count == 1:
        return PicturedNode(line, WIDTH // 2, HEIGHT // 2)
    if count == 2:
        inset = MARGIN_ACROSS + 30
        return PicturedNode(line, inset if place == 0 else WIDTH - inset, HEIGHT // 2)
    angle = 2 * math.pi * place / count - math.pi / 2
    x = WIDTH / 2 + (WIDTH / 2 - MARGIN_ACROSS) * math.cos(angle)
    y = HEIGHT / 2 + (HEIGHT / 2 - MARGIN_DOWN) * math.sin(angle)
    return PicturedNode(line, round(x), round(y))


def links_between(nodes: Sequence[PicturedNode]) -> Iterator[PicturedLink]:
    """Yield the link of every two nodes that take part."""
    told = {
        node.line.node_id: {link.node_id: link for link in node.line.report.links}
        for node in nodes
        if node.line.report is not None
    }
    for one, other in combinations([node for node in nodes if node.line.is_alive], 2):
        yield link_of(one, other, told)


def link_of(
    one: PicturedNode, other: PicturedNode, told: Mapping[str, Mapping[str, ReportedLink]]
) -> PicturedLink:
    """Return a link as its two ends tell of it: it is up where neither says that it is not."""
    ids = (one.line.node_id, other.line.node_id)
    said = [
        told[each][peer] for each, peer in (ids, ids[::-1]) if each in told and peer in told[each]
    ]
    names = {"one": one.line.node.name, "other": other.line.node.name}
    if not said:
        words = _("%(one)s and %(other)s: neither tells of its link.", **names)
        return PicturedLink((one, other), LinkState.UNKNOWN, words)
    if not all(link.is_up for link in said):
        words = _("%(one)s and %(other)s have no link.", **names)
        return PicturedLink((one, other), LinkState.DOWN, words)
    times = [link.round_trip_seconds for link in said if link.round_trip_seconds is not None]
    time = milliseconds_text(min(times)) if times else _("not measured yet")
    words = _("%(one)s and %(other)s are linked; there and back: %(time)s.", **names, time=time)
    return PicturedLink((one, other), LinkState.UP, words)
