"""Tags against metadata, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ranvier.messages.tag_score import best_by_tags, score
from tests.support.message_handlers import candidates, handler


@pytest.mark.parametrize(
    ("tags", "metadata", "expected"),
    [
        ({}, {"region": "eu"}, 0),
        ({"region": "eu"}, {}, 0),
        ({"region": "eu"}, {"region": "eu"}, 1),
        ({"region": "eu"}, {"region": "us"}, -1),
        ({"region": "eu", "tier": "1"}, {"region": "eu", "tier": "1"}, 2),
        ({"region": "eu", "tier": "1"}, {"region": "eu", "tier": "2"}, 0),
        ({"region": "eu", "tier": "1"}, {"region": "eu", "other": "2"}, 1),
    ],
)
def test_a_tag_counts_one_for_equal_and_minus_one_for_different(
    tags: Mapping[str, str], metadata: Mapping[str, str], expected: int
) -> None:
    assert score(tags, metadata) == expected


def test_the_best_stay_in_their_order() -> None:
    first = handler(1, tags={"region": "eu"})
    second = handler(2, tags={"region": "us"})
    third = handler(3, tags={"region": "eu", "rack": "7"})
    among = candidates(first, second, third)
    best = best_by_tags(among, lambda: {"region": "eu"})
    assert [each.handler for each in best] == [first, third]
    assert [each.handler for each in best_by_tags(among, lambda: {"region": "us"})] == [second]


def test_a_handler_without_tags_is_better_than_one_with_others() -> None:
    plain, tagged = handler(1), handler(2, tags={"region": "us"})
    best = best_by_tags(candidates(plain, tagged), lambda: {"region": "eu"})
    assert [each.handler for each in best] == [plain]


def test_where_all_score_alike_nothing_is_copied() -> None:
    among = candidates(handler(1, tags={"a": "1"}), handler(2, tags={"a": "1"}))
    assert best_by_tags(among, lambda: {"a": "1"}) is among


def test_metadata_is_not_read_where_nobody_has_tags() -> None:
    among = candidates(handler(1), handler(2))
    assert best_by_tags(among, lambda: pytest.fail("read")) is among
