"""What a node sets up by itself when it starts on an empty database for the first time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WantedContext:
    """A context that shall be there after the first start."""

    name: str
    is_dcb: bool
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """The names by which others reach this node, and its internal port."""

    hosts: Collection[str]
    port: int


def is_own(host: str, port: int, own: OwnPlace) -> bool:
    """Tell whether a place that was written down for all nodes is this one's."""
    return port == own.port and host.lower() in {each.lower() for each in own.hosts}


def missing(wanted: Sequence[WantedContext], existing: Collection[str]) -> Sequence[WantedContext]:
    """Return the contexts that are to be created, each once."""
    first = {context.name: context for context in reversed(wanted)}
    names = dict.fromkeys(each.name for each in wanted)
    return [first[name] for name in names if name not in existing]
