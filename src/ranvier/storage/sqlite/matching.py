"""Finds the events that match criteria, in windows small enough for short statements."""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw

from ranvier.events.criterion import EVERYTHING, Criterion
from ranvier.storage.event_log import MatchPage
from ranvier.storage.sqlite.facts import names_as_json, tags_as_json
from ranvier.storage.sqlite.positions import base_position, bounded_token
from ranvier.storage.sqlite.reading import TokenRange, read_chosen
from ranvier.storage.sqlite.rows import RowSizes
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("read")
_HEAD = _SQL["head"]
_TOKENS_BY_TAGS = _SQL["tokens_by_tags"]
_TOKENS_BY_NAMES = _SQL["tokens_by_names"]

CANDIDATES = 10_000
"""Rows that one statement looks at for one criterion: some milliseconds, no snapshot gets old."""


def read_matches(
    connection: apsw.Connection,
    sizes: RowSizes,
    criteria: Sequence[Criterion],
    wanted: TokenRange,
) -> MatchPage:
    """Read matching events from the start of the range on; the page may be empty midway."""
    start = bounded_token(wanted.from_token)
    # What comes after this head has not been looked at, wherever the range ends.
    ((head,),) = fetch_all(connection, _HEAD, (wanted.context_id,)) or ((0,),)
    seen_to = end = min(bounded_token(wanted.before_token), head)
    if start >= end:
        return MatchPage((), start, head)
    tokens: set[int] = set()
    for criterion in criteria or (EVERYTHING,):
        matches, looked_to = _candidates(connection, wanted.context_id, criterion, start, end)
        tokens.update(matches)
        seen_to = min(seen_to, looked_to)
    chosen = sorted(token for token in tokens if token < seen_to)
    rows = read_chosen(connection, sizes, wanted, chosen)
    if len(rows) < len(chosen):
        seen_to = rows[-1][0] + 1
    return MatchPage(rows, seen_to, head)


def _candidates(
    connection: apsw.Connection, context_id: int, criterion: Criterion, start: int, end: int
) -> tuple[list[int], int]:
    """The matching tokens from `start` on, and the token before which all have been looked at."""
    base = base_position(context_id)
    names = names_as_json(criterion.names)
    if not criterion.tags:
        window_end = min(end, start + CANDIDATES)
        parameters = (base + start, base + window_end, base, names)
        ((tokens,),) = fetch_all(connection, _TOKENS_BY_NAMES, parameters)
        return json.loads(tokens), window_end
    first, *others = criterion.tags
    ((tokens, count, last),) = fetch_all(
        connection,
        _TOKENS_BY_TAGS,
        (
            context_id,
            first.key,
            first.value,
            start,
            end,
            tags_as_json(others),
            names,
            base,
            CANDIDATES,
        ),
    )
    return json.loads(tokens), end if count < CANDIDATES else last + 1
