"""Finds the events that match criteria, by their indexes, in statements that are short.

An index entry leads straight to an event of a tag or of a name. Of several tags the rarest leads
and the others are looked up; what several criteria find is merged in token order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from ranvier.events.criterion import Criterion
from ranvier.events.facts import NO_MATCH
from ranvier.events.tag import Tag
from ranvier.storage.sqlite.positions import TOKEN_LIMIT, base_position
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("matching")
_TAG_COUNTS = _SQL["tag_counts"]
_WINDOW_END = _SQL["window_end"]
_TOKENS_BY_TAG = _SQL["tokens_by_tag"]
_TOKENS_BY_TAGS = _SQL["tokens_by_tags"]
_TOKENS_BY_NAMES = _SQL["tokens_by_names"]
_TOKENS_BY_LOOKING = _SQL["tokens_by_looking"]
_LATEST_BY_TAG = _SQL["latest_by_tag"]
_LATEST_BY_EACH_TAG = _SQL["latest_by_each_tag"]
_LATEST_BY_TAGS = _SQL["latest_by_tags"]
_LATEST_BY_NAMES = _SQL["latest_by_names"]
_LATEST_BY_LOOKING = _SQL["latest_by_looking"]
_HAS_AGGREGATES = _SQL["has_aggregates"]

CANDIDATES = 10_000
"""Rows that one statement looks at for one criterion: some milliseconds, no snapshot gets old."""

COUNTS_UP_TO = (32, 1_024, 32_768)
"""How far tags are counted to find the rarest: in microseconds first, then as far as it pays."""

Source = apsw.Connection | apsw.Cursor


@dataclass(frozen=True, slots=True)
class MatchRange:
    """Which tokens of a context are looked at, from the first to before the last."""

    context_id: int
    start: int
    end: int


def matching_tokens(
    source: Source, wanted: MatchRange, criteria: Sequence[Criterion], most: int
) -> tuple[list[int], int]:
    """The matching tokens from the start of the range on, and the token before which all are seen.

    Each criterion gives `most` tokens at most. None of the criteria may be empty.
    """
    found: set[int] = set()
    seen_to = wanted.end
    for tokens, looked_to in _looks(source, wanted, criteria, most):
        found.update(tokens)
        seen_to = min(seen_to, looked_to)
    return sorted(token for token in found if token < seen_to), seen_to


def latest_match(source: Source, wanted: MatchRange, criterion: Criterion) -> int:
    """The highest token from the start of the range on that matches, else `NO_MATCH`.

    The range ends at the head.
    """
    if criterion.tags:
        found = _latest_by_tags(source, wanted, criterion)
    elif criterion.names:
        found = _latest_by_names(source, wanted, criterion)
    else:
        return wanted.end - 1
    return NO_MATCH if not found or found[0][0] is None else int(found[0][0])


def latest_by_tag(
    source: Source, context_id: int, wanted: Sequence[tuple[Tag, int]]
) -> dict[tuple[Tag, int], int]:
    """Of each tag and marker the last token from the marker on that bears the tag, or `NO_MATCH`.

    One statement for all of them: in a batch of appends each pays for no more than its own look.
    """
    if len(wanted) == 1:
        ((tag, marker),) = wanted
        found = fetch_all(source, _LATEST_BY_TAG, (context_id, tag.key, tag.value, marker))
        tokens = [row[0] for row in found] or [None]
    else:
        listed = json.dumps([(tag.key.hex(), tag.value.hex(), marker) for tag, marker in wanted])
        tokens = [row[0] for row in fetch_all(source, _LATEST_BY_EACH_TAG, (context_id, listed))]
    return {
        key: NO_MATCH if token is None else token for key, token in zip(wanted, tokens, strict=True)
    }


def driving_tag(
    source: Source, wanted: MatchRange, criterion: Criterion
) -> tuple[Tag, list[Tag], int]:
    """The tag that leads through the range, the other ones, and where this look ends.

    A look that passes candidates over ends after `CANDIDATES` of them. Ask for the end before the
    candidates: a tag that is added in between may then only narrow what is looked at.
    """
    driver, others, count = _rarest_first(source, wanted, criterion.tags)
    if 0 <= count < CANDIDATES or not (others or criterion.names):
        return driver, others, wanted.end
    key = (wanted.context_id, driver.key, driver.value, wanted.start)
    later = fetch_all(source, _WINDOW_END, (*key, wanted.end, CANDIDATES))
    return driver, others, int(later[0][0]) if later else wanted.end


def tags_as_json(tags: Iterable[Tag]) -> str:
    """Tags as the statements take them: a list of pairs of hexadecimal texts."""
    return json.dumps([(tag.key.hex(), tag.value.hex()) for tag in tags])


def names_as_json(names: Iterable[str]) -> str | None:
    """Names as the statements take them; None asks for every name."""
    listed = list(names)
    return json.dumps(listed) if listed else None


def _latest_by_tags(source: Source, wanted: MatchRange, criterion: Criterion) -> list[Any]:
    driver, others, _ = _rarest_first(source, wanted, criterion.tags)
    base = base_position(wanted.context_id)
    names = names_as_json(criterion.names)
    key = (wanted.context_id, driver.key, driver.value, wanted.start)
    return fetch_all(source, _LATEST_BY_TAGS, (*key, tags_as_json(others), names, base))


def _latest_by_names(source: Source, wanted: MatchRange, criterion: Criterion) -> list[Any]:
    base = base_position(wanted.context_id)
    first = base + wanted.start
    names = names_as_json(criterion.names)
    if _has_aggregates(source, wanted.context_id):
        return fetch_all(source, _LATEST_BY_LOOKING, (first, base + TOKEN_LIMIT, base, names))
    return fetch_all(source, _LATEST_BY_NAMES, (wanted.context_id, first, base, names))


def _looks(
    source: Source, wanted: MatchRange, criteria: Sequence[Criterion], most: int
) -> Iterable[tuple[list[int], int]]:
    names = {name for criterion in criteria if not criterion.tags for name in criterion.names}
    if names:
        yield _by_names(source, wanted, sorted(names), most)
    for criterion in criteria:
        if criterion.tags:
            yield _by_tags(source, wanted, criterion, most)


def _by_tags(
    source: Source, wanted: MatchRange, criterion: Criterion, most: int
) -> tuple[list[int], int]:
    driver, others, end = driving_tag(source, wanted, criterion)
    key = (wanted.context_id, driver.key, driver.value, wanted.start)
    if not others and not criterion.names:
        ((found,),) = fetch_all(source, _TOKENS_BY_TAG, (*key, end, most))
        return _looked(json.loads(found), most, end)
    base = base_position(wanted.context_id)
    filters = (tags_as_json(others), names_as_json(criterion.names), base)
    ((found,),) = fetch_all(source, _TOKENS_BY_TAGS, (*key, end, most, *filters))
    return _looked(json.loads(found), most, end)


def _by_names(
    source: Source, wanted: MatchRange, names: list[str], most: int
) -> tuple[list[int], int]:
    base = base_position(wanted.context_id)
    first = base + wanted.start
    if _has_aggregates(source, wanted.context_id):
        end = min(wanted.end, wanted.start + CANDIDATES)
        ((found,),) = fetch_all(
            source, _TOKENS_BY_LOOKING, (first, base + end, base, names_as_json(names))
        )
        return json.loads(found), end
    span = (wanted.context_id, first, base + wanted.end, base, most, names_as_json(names))
    tokens: list[int] = []
    seen_to = wanted.end
    for (found,) in fetch_all(source, _TOKENS_BY_NAMES, span):
        of_name, looked_to = _looked(json.loads(found), most, wanted.end)
        tokens += of_name
        seen_to = min(seen_to, looked_to)
    return tokens, seen_to


def _looked(tokens: list[int], most: int, end: int) -> tuple[list[int], int]:
    """The tokens, and how far a look that stopped after `most` of them has seen."""
    return tokens, tokens[-1] + 1 if len(tokens) >= most else end


def _rarest_first(
    source: Source, wanted: MatchRange, tags: tuple[Tag, ...]
) -> tuple[Tag, list[Tag], int]:
    """The tag that the fewest events of the range bear, the others, and how many bear it.

    The number is not known, and told as -1, of a single tag and of a tag that very many bear.
    """
    if len(tags) == 1:
        return tags[0], [], -1
    as_json = tags_as_json(tags)
    rarest, count = 0, -1
    for limit in COUNTS_UP_TO:
        span = (wanted.context_id, wanted.start, wanted.end, limit, as_json)
        counts = [count for (count,) in fetch_all(source, _TAG_COUNTS, span)]
        rarest = counts.index(min(counts))
        if counts[rarest] < limit:
            count = counts[rarest]
            break
    return tags[rarest], [*tags[:rarest], *tags[rarest + 1 :]], count


def _has_aggregates(source: Source, context_id: int) -> bool:
    """Whether the context holds events that the index of names leaves out."""
    return bool(fetch_all(source, _HAS_AGGREGATES, (context_id,))[0][0])
