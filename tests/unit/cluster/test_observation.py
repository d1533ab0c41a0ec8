from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.cluster.member import Member, NodeRecord, NodeState
from ranvier.cluster.observation import (
    HeartbeatRules,
    Observation,
    is_silent,
    lost_touch,
    observe,
    state_of,
)

RULES = HeartbeatRules(ttl_seconds=5.0, break_seconds=2.5)
HOUR_MS = 3_600_000


def record(
    beats: int,
    state: NodeState = NodeState.RUNNING,
    *,
    incarnation: int = 1,
    last_seen_at_ms: int = 0,
) -> NodeRecord:
    return NodeRecord(
        member=Member(
            node_id="eve",
            name="eve",
            host="eve",
            internal_host="eve",
            route="eve",
            incarnation=incarnation,
        ),
        state=state,
        beats=beats,
        last_seen_at_ms=last_seen_at_ms,
    )


def watched(
    *looks: tuple[float, NodeRecord], timeline: int = 1, start: Observation | None = None
) -> Observation:
    seen = start or Observation()
    for now, each in looks:
        seen = observe(seen, [each], timeline, now, RULES)
    return seen


def test_a_counter_that_stands_still_for_the_time_to_live_is_silent() -> None:
    seen = watched(*((float(now), record(7)) for now in range(5)))
    assert not is_silent(record(7), seen, RULES)
    seen = watched((5.0, record(7)), start=seen)
    assert is_silent(record(7), seen, RULES)
    assert state_of(record(7), seen, RULES) is NodeState.DOWN


def test_a_counter_that_rises_begins_its_time_anew() -> None:
    seen = watched((0, record(7)), (2, record(7)), (4, record(8)), (6, record(8)), (8, record(8)))
    assert seen.has_risen("eve")
    assert not is_silent(record(8), seen, RULES)
    assert state_of(record(8), seen, RULES) is NodeState.RUNNING
    assert is_silent(record(8), watched((9.0, record(8)), start=seen), RULES)


def test_a_counter_that_went_back_with_its_database_shows_life() -> None:
    seen = watched((0, record(7)), (2, record(7)), (4, record(3)), (6, record(3)))
    assert not is_silent(record(3), seen, RULES)


def test_a_new_incarnation_shows_life_though_its_counter_is_the_same() -> None:
    seen = watched((0, record(0)), (2, record(0)), (4, record(0, incarnation=2)))
    assert seen.silent_seconds("eve") == 0
    assert seen.has_risen("eve")


@pytest.mark.parametrize("state", [NodeState.STOPPED, NodeState.DOWN])
def test_who_has_left_is_not_judged_once_more(state: NodeState) -> None:
    seen = watched(*((float(now), record(7, state)) for now in range(20)))
    assert not is_silent(record(7, state), seen, RULES)
    assert state_of(record(7, state), seen, RULES) is state


def test_who_was_frozen_itself_judges_nobody_before_one_full_time_to_live() -> None:
    seen = watched((0, record(7)), (1, record(7)), (60, record(7)))
    assert not is_silent(record(7), seen, RULES)
    seen = watched((62, record(7)), (64, record(7)), start=seen)
    assert not is_silent(record(7), seen, RULES)
    assert is_silent(record(7), watched((65, record(7)), start=seen), RULES)


def test_who_lost_the_database_judges_nobody_before_one_full_time_to_live() -> None:
    seen = watched((0, record(7)), (2, record(7)), (4, record(7)))
    seen = watched((5.5, record(7)), start=lost_touch(seen))
    assert not is_silent(record(7), seen, RULES)
    assert seen.silent_seconds("eve") == 0


def test_another_primary_begins_the_time_anew() -> None:
    seen = watched((0, record(7)), (2, record(7)), (4, record(7)))
    seen = watched((6, record(7)), timeline=2, start=seen)
    assert seen.silent_seconds("eve") == 0


def test_a_clock_that_jumps_back_is_no_unbroken_watch() -> None:
    seen = watched((10, record(7)), (12, record(7)), (3, record(7)))
    assert seen.silent_seconds("eve") <= 0
    assert not is_silent(record(7), seen, RULES)


def test_nothing_is_known_of_a_node_that_was_never_seen() -> None:
    assert Observation().silent_seconds("eve") == 0
    assert not Observation().has_risen("eve")


@given(skew_ms=st.sampled_from([-HOUR_MS, 0, HOUR_MS]), silent=st.booleans())
def test_a_clock_an_hour_off_changes_nothing(skew_ms: int, *, silent: bool) -> None:
    seen = watched(
        *(
            (now / 2, record(0 if silent else now, last_seen_at_ms=now * 500 + skew_ms))
            for now in range(20)
        )
    )
    last = record(0 if silent else 19)
    assert is_silent(last, seen, RULES) is silent


@given(
    st.lists(
        st.tuples(
            st.floats(0.01, 10),
            st.integers(0, 3),
            st.sampled_from(["look", "look", "look", "fail"]),
        ),
        max_size=30,
    )
)
def test_nobody_is_judged_without_a_full_unbroken_time_of_looking(
    steps: list[tuple[float, int, str]],
) -> None:
    """The rule told once more, from the list of looks alone."""
    seen, now, beats = Observation(), 100.0, 0
    unbroken: list[tuple[float, int]] = []
    for pause, rise, what in steps:
        now += pause
        beats += rise
        if what == "fail":
            seen, unbroken = lost_touch(seen), []
            continue
        seen = watched((now, record(beats)), start=seen)
        if unbroken and now - unbroken[-1][0] > RULES.break_seconds:
            unbroken = []
        unbroken.append((now, beats))
        since = min((at for at, count in unbroken if count == beats), default=now)
        assert is_silent(record(beats), seen, RULES) is (now - since >= RULES.ttl_seconds)
