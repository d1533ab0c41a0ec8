"""Reads matching events in pages; every page is a few short statements on a reader's connection."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from ranvier.events.criterion import Criterion
from ranvier.storage.event_log import MatchPage
from ranvier.storage.sqlite.matching import (
    MatchRange,
    driving_tag,
    matching_tokens,
    names_as_json,
    tags_as_json,
)
from ranvier.storage.sqlite.positions import base_position, bounded_token
from ranvier.storage.sqlite.reading import TokenRange, read_chosen, read_page
from ranvier.storage.sqlite.rows import RowSizes, fitting, take_apart
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("matching")
_HEAD = _SQL["head"]
_TAGS_PAGE = _SQL["tags_page"]
_TAG_PAGE = _SQL["tag_page"]


def is_by_tags(criteria: Sequence[Criterion]) -> bool:
    """Whether one criterion with tags is all that is asked for: the common question."""
    return len(criteria) == 1 and bool(criteria[0].tags)


def read_matches(
    connection: apsw.Connection,
    sizes: RowSizes,
    criteria: Sequence[Criterion],
    wanted: TokenRange,
) -> MatchPage:
    """Read matching events from the start of the range on; the page may be empty midway."""
    if is_by_tags(criteria):
        try:
            return _read_by_tags(connection, sizes, criteria[0], wanted)
        except apsw.TooBigError:
            return _read_by_criteria(connection, sizes, criteria, wanted)
    return _read_by_criteria(connection, sizes, criteria, wanted)


def _read_by_tags(
    connection: apsw.Connection, sizes: RowSizes, criterion: Criterion, wanted: TokenRange
) -> MatchPage:
    """Read tokens, events and the head by one statement."""
    start, end = bounded_token(wanted.from_token), bounded_token(wanted.before_token)
    span = MatchRange(wanted.context_id, start, end)
    driver, others, end = driving_tag(connection, span, criterion)
    most = sizes.rows_for(wanted.page_bytes)
    base = base_position(wanted.context_id)
    key = (wanted.context_id, driver.key, driver.value, start, end, most, base)
    if others or criterion.names:
        filters = (tags_as_json(others), names_as_json(criterion.names))
        ((head, joined, lengths, tokens),) = fetch_all(connection, _TAGS_PAGE, key + filters)
    else:
        ((head, joined, lengths, tokens),) = fetch_all(connection, _TAG_PAGE, key)
    head = head or 0
    found = take_apart(joined, lengths)
    if not found:
        return MatchPage((), max(start, min(end, head)), head)
    sizes.learn(len(found), len(joined))
    kept = fitting(found, len(joined), wanted.page_bytes)
    rows = list(zip(map(int, tokens.split(",")), kept, strict=False))
    is_whole = len(rows) == len(found) < most
    return MatchPage(rows, min(end, head) if is_whole else rows[-1][0] + 1, head)


def _read_by_criteria(
    connection: apsw.Connection,
    sizes: RowSizes,
    criteria: Sequence[Criterion],
    wanted: TokenRange,
) -> MatchPage:
    start = bounded_token(wanted.from_token)
    # What comes after this head has not been looked at, wherever the range ends.
    ((head,),) = fetch_all(connection, _HEAD, (wanted.context_id,)) or ((0,),)
    end = min(bounded_token(wanted.before_token), head)
    if start >= end:
        return MatchPage((), start, head)
    if not criteria or any(not one.tags and not one.names for one in criteria):
        everything = TokenRange(wanted.context_id, start, end, wanted.page_bytes)
        page = read_page(connection, sizes, everything, with_names=False)
        rows = list(enumerate(page.rows, page.first_token))
        return MatchPage(rows, page.next_token if rows else end, head)
    span = MatchRange(wanted.context_id, start, end)
    most = sizes.rows_for(wanted.page_bytes)
    chosen, seen_to = matching_tokens(connection, span, criteria, most)
    rows = read_chosen(connection, sizes, wanted, chosen)
    if len(rows) < len(chosen):
        seen_to = rows[-1][0] + 1
    return MatchPage(rows, seen_to, head)
