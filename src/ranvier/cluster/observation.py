"""Who of the others lives, judged by a node's own clock and by nothing that they wrote.

A node counts as silent when this one has watched its counter unchanged for the time to live, and
has itself reached the same database without a break for as long. All times are readings of one
clock of this machine that no one sets and that goes on while the machine sleeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ranvier.cluster.member import NodeRecord, NodeState


@dataclass(frozen=True, slots=True)
class HeartbeatRules:
    """How long silence may last."""

    ttl_seconds: float
    """A node whose counter stands still for so long is down."""
    break_seconds: float
    """Between two looks at the database, more than this is a break: what was watched is void."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One counter: where it stood, since when, and whether it was seen to rise."""

    incarnation: int
    beats: int
    since: float
    has_risen: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What this node has seen until `reached_at`, when it last reached the database."""

    reached_since: float = 0.0
    """Since when it has reached the same database without a break."""
    reached_at: float | None = None
    timeline: int = 0
    watched: Mapping[str, Watched] = field(default_factory=dict)

    def silent_seconds(self, node_id: str) -> float:
        """Return for how long a counter has been watched unchanged; 0 for an unknown node."""
        watched = self.watched.get(node_id)
        if watched is None or self.reached_at is None:
            return 0.0
        return self.reached_at - max(watched.since, self.reached_since)

    def has_risen(self, node_id: str) -> bool:
        """Tell whether a node has shown itself while it was watched."""
        watched = self.watched.get(node_id)
        return watched is not None and watched.has_risen


def observe(
    before: Observation,
    records: Sequence[NodeRecord],
    timeline: int,
    now: float,
    rules: HeartbeatRules,
) -> Observation:
    """Return what is known after a look at the database that succeeded at `now`."""
    unbroken = (
        before.reached_at is not None
        and 0.0 <= now - before.reached_at <= rules.break_seconds
        and timeline == before.timeline
    )
    return Observation(
        reached_since=before.reached_since if unbroken else now,
        reached_at=now,
        timeline=timeline,
        watched={
            record.member.node_id: _watched(before.watched.get(record.member.node_id), record, now)
            for record in records
        },
    )


def lost_touch(before: Observation) -> Observation:
    """Return what is known after a look that failed: what was watched until then is void."""
    return Observation(timeline=before.timeline, watched=before.watched)


def _watched(before: Watched | None, record: NodeRecord, now: float) -> Watched:
    incarnation, beats = record.member.incarnation, record.beats
    if before is None:
        return Watched(incarnation, beats, now)
    if (before.incarnation, before.beats) == (incarnation, beats):
        return before
    return Watched(incarnation, beats, now, has_risen=True)


def is_silent(record: NodeRecord, seen: Observation, rules: HeartbeatRules) -> bool:
    """Tell whether a node that did not say goodbye has shown no sign of life for too long."""
    return record.state.is_alive and seen.silent_seconds(record.member.node_id) >= rules.ttl_seconds


def state_of(record: NodeRecord, seen: Observation, rules: HeartbeatRules) -> NodeState:
    """Return how a node does, as this one sees it."""
    return NodeState.DOWN if is_silent(record, seen, rules) else record.state
