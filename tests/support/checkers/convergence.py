"""Some time after the last fault all is well: one view, nothing waits, no lease is orphaned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClusterView:
    """What was found of a cluster that had time to settle."""

    views: Mapping[str, object] = field(default_factory=dict)
    """By node: the members, states and handlers that it knows of, in an order of its own choosing
    that is the same on all."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """By queue: how much is left in it."""
    lease_holders: Mapping[str, str] = field(default_factory=dict)
    """By lease: the node that holds it."""


def convergence_faults(found: ClusterView) -> Iterator[str]:
    """Yield what still differs, waits or belongs to a node that is not there."""
    names = sorted(found.views)
    for name in names[1:]:
        if found.views[name] != found.views[names[0]]:
            yield (f"{name} sees {found.views[name]!r}, {names[0]} sees {found.views[names[0]]!r}")
    for queue, count in sorted(found.waiting.items()):
        if count:
            yield f"{count} wait in {queue}"
    for lease, holder in sorted(found.lease_holders.items()):
        if holder not in found.views:
            yield f"{lease} is held by {holder}, which is not there"
