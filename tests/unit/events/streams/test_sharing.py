"""Who holds which segment: even shares, few moves."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ranvier.events.streams.sharing import share

NAMES = "abcdef"


@pytest.mark.parametrize(
    ("holders", "consumers", "expected"),
    [
        ([None] * 3, "", [None] * 3),
        (["a", "a"], "", [None, None]),
        ([None] * 4, "ab", ["a", "a", "b", "b"]),
        (["a"] * 4, "ab", ["a", "a", "b", "b"]),
        (["a", "a", "b", "b"], "ab", ["a", "a", "b", "b"]),
        (["a", "b", "b", "a"], "b", ["b", "b", "b", "b"]),
        (["b", "b", "a"], "ab", ["b", "b", "a"]),
        (["a", "a", "a"], "ab", ["a", "a", "b"]),
        ([None], "ab", ["a"]),
        (["b"], "ab", ["b"]),
        (["gone", "a"], "ab", ["b", "a"]),
    ],
)
def test_shares(holders: list[str | None], consumers: str, expected: list[str | None]) -> None:
    assert share(holders, list(consumers)) == expected


holdings = some.lists(some.one_of(some.none(), some.sampled_from(NAMES)), max_size=40)
present = some.lists(some.sampled_from(NAMES), unique=True, min_size=1)


@given(holdings, present)
def test_every_segment_is_held_and_no_two_consumers_differ_by_more_than_one(
    holders: list[str | None], consumers: list[str]
) -> None:
    shares = share(holders, consumers)
    counts = Counter(shares)
    assert len(shares) == len(holders)
    assert set(counts) <= set(consumers)
    held = [counts[consumer] for consumer in consumers]
    assert max(held) - min(held) <= 1


@given(holdings, present)
def test_no_more_segments_move_than_even_shares_take(
    holders: list[str | None], consumers: list[str]
) -> None:
    kept = sum(was == now for was, now in zip(holders, share(holders, consumers), strict=True))
    each, odd = divmod(len(holders), len(consumers))
    held = sorted((holders.count(consumer) for consumer in consumers), reverse=True)
    quotas = [each + 1] * odd + [each] * (len(consumers) - odd)
    assert kept == sum(min(has, quota) for has, quota in zip(held, quotas, strict=True))


@given(holdings, present)
def test_sharing_again_moves_nothing(holders: list[str | None], consumers: list[str]) -> None:
    once = share(holders, consumers)
    assert share(once, consumers) == once
