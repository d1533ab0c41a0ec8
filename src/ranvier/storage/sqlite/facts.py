"""Reads what a batch of appends must know, inside the transaction that will store it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import apsw

from ranvier.events.append import Append
from ranvier.events.criterion import Criterion
from ranvier.events.facts import NO_EVENTS, NO_MATCH, Facts, Needs, needs_of
from ranvier.events.limits import NUMBER_LIMIT
from ranvier.events.tag import Tag
from ranvier.storage.sqlite.matching import MatchRange, latest_by_tag, latest_match
from ranvier.storage.sqlite.scheduled_events import is_held
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("append")
_CONTEXT_FACTS = _SQL["context_facts"]
_CONTEXT_FACTS_OF_ONE = _SQL["context_facts_of_one"]
_STORED_APPEND = _SQL["stored_append"]


@dataclass(frozen=True, slots=True)
class ContextFacts:
    """The facts of a batch, and the time from which its events' times may rise."""

    latest_time_ms: int
    facts: Facts


def read_facts(
    cursor: apsw.Cursor, context_id: int, appends: Iterable[Append]
) -> ContextFacts | None:
    """Answer every question of the batch; None if the context has been deleted."""
    needs = needs_of(appends)
    rows = _context_row(cursor, context_id, needs)
    if not rows:
        return None
    head, latest_time_ms, last_sequences = rows[0]
    facts = Facts(
        head,
        _sequences_by_aggregate(needs, last_sequences),
        _latest_matches(cursor, context_id, head, needs) if needs.markers else {},
        _stored_bases(cursor, context_id, needs) if needs.base_ids else frozenset(),
        frozenset(claim for claim in needs.claims if is_held(cursor, context_id, claim)),
    )
    return ContextFacts(-NUMBER_LIMIT if latest_time_ms is None else latest_time_ms, facts)


def _context_row(cursor: apsw.Cursor, context_id: int, needs: Needs) -> list[Any]:
    if len(needs.aggregate_ids) == 1:
        # One append at a time is a common load, and lists cost a statement three times its time.
        return fetch_all(cursor, _CONTEXT_FACTS_OF_ONE, (context_id, *needs.aggregate_ids))
    aggregate_ids = json.dumps(list(needs.aggregate_ids))
    return fetch_all(cursor, _CONTEXT_FACTS, (context_id, aggregate_ids))


def _sequences_by_aggregate(needs: Needs, found: int | str | None) -> dict[str, int]:
    if isinstance(found, str):
        return dict(zip(needs.aggregate_ids, json.loads(found), strict=True))
    return dict.fromkeys(needs.aggregate_ids, NO_EVENTS if found is None else found)


def _latest_matches(
    cursor: apsw.Cursor, context_id: int, head: int, needs: Needs
) -> dict[Criterion, int]:
    matches = dict.fromkeys(needs.markers, NO_MATCH)
    looked_for = {
        criterion: max(marker, 0) for criterion, marker in needs.markers.items() if marker < head
    }
    by_tag = _latest_by_tag(cursor, context_id, looked_for)
    for criterion, marker in looked_for.items():
        tokens = [by_tag[tag, marker] for tag in criterion.tags]
        if len(tokens) == 1 and not criterion.names:
            matches[criterion] = tokens[0]
        elif NO_MATCH not in tokens:
            span = MatchRange(context_id, marker, head)
            matches[criterion] = latest_match(cursor, span, criterion)
    return matches


def _latest_by_tag(
    cursor: apsw.Cursor, context_id: int, looked_for: Mapping[Criterion, int]
) -> dict[tuple[Tag, int], int]:
    """Of each tag that is asked for the last match; no match of one is none of its criterion."""
    wanted = {
        (tag, marker): None for criterion, marker in looked_for.items() for tag in criterion.tags
    }
    return latest_by_tag(cursor, context_id, list(wanted)) if wanted else {}


def _stored_bases(cursor: apsw.Cursor, context_id: int, needs: Needs) -> frozenset[bytes]:
    return frozenset(
        base_id
        for base_id in needs.base_ids
        if fetch_all(cursor, _STORED_APPEND, (context_id, base_id))
    )
