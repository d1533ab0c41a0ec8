"""What a batch of appends must know of the database before it can be decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ranvier.events.append import Append
from ranvier.events.claim import Claim
from ranvier.events.criterion import Criterion

NO_MATCH = -1
"""The fact that no event matches a criterion."""

NO_EVENTS = -1
"""The last sequence number of an aggregate that has no events."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The questions of a batch: which aggregates, which criteria from which marker, which bases
    and claims.
    """

    aggregate_ids: frozenset[str]
    markers: Mapping[Criterion, int]
    base_ids: frozenset[bytes]
    claims: frozenset[Claim] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers: the state of one context at one moment.

    `last_sequences` holds every aggregate asked for (`NO_EVENTS` for a new one). `latest_matches`
    holds for every criterion asked for the highest token that matches it and is not below its
    marker, else `NO_MATCH`. `stored_bases` are the bases that are in the database; `held_claims`
    the claims whose row is there with their fence.
    """

    head: int
    last_sequences: Mapping[str, int] = field(default_factory=dict)
    latest_matches: Mapping[Criterion, int] = field(default_factory=dict)
    stored_bases: frozenset[bytes] = frozenset()
    held_claims: frozenset[Claim] = frozenset()


def needs_of(appends: Iterable[Append]) -> Needs:
    """Collect what must be known to decide these appends, each question once."""
    aggregate_ids: set[str] = set()
    markers: dict[Criterion, int] = {}
    base_ids: set[bytes] = set()
    claims: set[Claim] = set()
    for append in appends:
        for event in append.events:
            if event.aggregate_id is not None:
                aggregate_ids.add(event.aggregate_id)
        if append.condition is not None:
            marker = append.condition.marker
            for criterion in append.condition.effective_criteria:
                markers[criterion] = min(marker, markers.get(criterion, marker))
        if append.base is not None:
            base_ids.add(append.base)
        if append.claim is not None:
            claims.add(append.claim)
    return Needs(frozenset(aggregate_ids), markers, frozenset(base_ids), frozenset(claims))
