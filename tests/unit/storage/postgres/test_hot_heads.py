from __future__ import annotations

import pytest

from ranvier.events.append import Append, AppendCondition
from ranvier.events.claim import Claim
from ranvier.events.criterion import EVERYTHING
from ranvier.events.facts import Facts
from ranvier.storage.postgres.hot_heads import (
    AGGREGATES_MOST,
    CONTEXTS_MOST,
    DOUBT_SECONDS,
    SECONDS_MOST,
    SMALL_BATCH,
    HotHeads,
)
from tests.support.appends import append, event

CONTEXT = 7


class Scene:
    def __init__(self) -> None:
        self.now = 100.0
        self.heads = HotHeads(lambda: self.now)

    def facts(self, *appends: Append) -> Facts | None:
        return self.heads.facts_for(CONTEXT, appends)

    def stored(self, found_head: int, *appends: Append) -> None:
        count = sum(len(one.events) for one in appends)
        self.heads.stored(CONTEXT, found_head, found_head + count, appends)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.stored(0, append(event(0), event(1)), append(event(0, "b")))
    return scene


def test_nothing_is_known_before_the_first_batch() -> None:
    assert Scene().facts(append(event(0))) is None


def test_what_was_stored_last_is_known_and_what_begins_is_taken_for_new(scene: Scene) -> None:
    assert scene.facts(append(event(2)), append(event(0, "new"))) == Facts(3, {"a": 1, "new": -1})
    assert scene.facts(append(event(0, None))) == Facts(3, {})
    several = append(event(2), event(3), event(0, "c"), event(1, "c"))
    assert scene.facts(several) == Facts(3, {"a": 1, "c": -1})


def test_what_does_not_follow_is_left_to_be_read(scene: Scene) -> None:
    for sequence, aggregate in ((1, "a"), (3, "a"), (1, "unknown"), (0, "b")):
        assert scene.facts(append(event(sequence, aggregate))) is None


@pytest.mark.parametrize(
    "asking",
    [
        append(event(2), condition=AppendCondition(0, (EVERYTHING,))),
        append(event(2), base=bytes(16)),
        Append(bytes(16), (event(2),), claim=Claim("token", 1)),
    ],
    ids=["condition", "base", "claim"],
)
def test_what_asks_for_more_than_sequence_numbers_is_left_to_be_read(
    scene: Scene, asking: Append
) -> None:
    assert scene.facts(asking) is None


def test_what_others_have_appended_meanwhile_is_not_known(scene: Scene) -> None:
    scene.stored(10, append(event(1, "b")))
    assert scene.facts(append(event(2))) is None
    assert scene.facts(append(event(2, "b"))) == Facts(11, {"b": 1})


def test_it_gets_old_and_can_be_forgotten(scene: Scene) -> None:
    scene.now += SECONDS_MOST + 0.1
    assert scene.facts(append(event(2))) is None
    scene.now -= 1
    assert scene.facts(append(event(2))) is not None
    scene.heads.forget(CONTEXT)
    assert scene.facts(append(event(2))) is None


def many(first: int, count: int, sequence: int = 0) -> list[Append]:
    return [append(event(sequence, f"m-{number}")) for number in range(first, first + count)]


def test_a_large_batch_asks_nothing_either_until_one_was_refused(scene: Scene) -> None:
    large = many(0, SMALL_BATCH + 1)
    assert scene.facts(*large) is not None
    scene.heads.doubt(CONTEXT, len(large))
    scene.stored(3, append(event(2)))
    assert scene.facts(*large) is None
    assert scene.facts(*large[:SMALL_BATCH]) is not None
    scene.now += DOUBT_SECONDS
    scene.stored(4, append(event(3)))
    assert scene.facts(*large) is not None


def test_a_small_batch_that_was_refused_is_no_reason_to_read_for_large_ones(scene: Scene) -> None:
    scene.heads.doubt(CONTEXT, SMALL_BATCH)
    assert scene.facts(append(event(2))) is None
    scene.stored(3, append(event(2)))
    assert scene.facts(*many(0, SMALL_BATCH + 1)) is not None


def test_what_is_remembered_is_bounded(scene: Scene) -> None:
    head = 3
    for first in range(0, 3 * (AGGREGATES_MOST + 1), AGGREGATES_MOST + 1):
        scene.stored(head, *many(first, AGGREGATES_MOST + 1))
        head += AGGREGATES_MOST + 1
    assert scene.facts(append(event(1, "m-0"))) is None
    assert scene.facts(*many(2 * (AGGREGATES_MOST + 1), 100, 1)) is not None
    for context_id in range(1_000, 1_000 + CONTEXTS_MOST):
        scene.heads.stored(context_id, 0, 1, ())
    assert scene.facts(append(event(0, "new"))) is None
    for context_id in range(1_000, 1_001 + CONTEXTS_MOST):
        scene.heads.doubt(context_id, SMALL_BATCH + 1)
