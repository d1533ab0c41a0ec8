from __future__ import annotations

from ranvier.events.append import (
    FROM_THE_START,
    NEVER_CONFLICTS,
    Accepted,
    Append,
    AppendCondition,
    Decision,
    Refused,
)
from ranvier.events.criterion import EVERYTHING, Criterion
from ranvier.events.errors import BaseNotAccepted, ConditionNotMet, InvalidEvent, InvalidSequence
from ranvier.events.event import NewEvent
from ranvier.events.facts import NO_MATCH, Facts
from ranvier.events.fold import fold
from ranvier.events.tag import Tag

RED = Tag(b"colour", b"red")
BIG = Tag(b"size", b"big")


def event(
    sequence: int, aggregate_id: str | None = "a", name: str = "Opened", tags: tuple[Tag, ...] = ()
) -> NewEvent:
    return NewEvent(name, b"", 0, aggregate_id, "Order", sequence, tags)


def append(
    number: int,
    *events: NewEvent,
    condition: AppendCondition | None = None,
    base: int | None = None,
) -> Append:
    return Append(
        number.to_bytes(16, "big"),
        events,
        condition,
        None if base is None else base.to_bytes(16, "big"),
    )


def tagged(name: str, *tags: Tag) -> NewEvent:
    return event(0, None, name, tags)


def kinds(decisions: list[Decision]) -> list[type]:
    return [type(one.error) if isinstance(one, Refused) else type(one) for one in decisions]


def test_accepted_appends_get_dense_tokens_from_the_head_on() -> None:
    decisions = fold(
        Facts(10, {"a": 4, "b": -1}),
        [append(1, event(5), event(6)), append(2), append(3, event(0, "b"), event(7))],
    )
    assert decisions == [Accepted(10, 2), Accepted(12, 0), Accepted(12, 2)]


def test_a_sequence_follows_the_database_and_the_accepted_appends_before() -> None:
    decisions = fold(
        Facts(0, {"a": -1}),
        [append(1, event(0)), append(2, event(0)), append(3, event(1)), append(4, event(3))],
    )
    assert kinds(decisions) == [Accepted, InvalidSequence, Accepted, InvalidSequence]
    refused = decisions[3]
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, InvalidSequence)
    assert (refused.error.expected, refused.error.actual) == (2, 3)


def test_a_refused_append_leaves_nothing_behind() -> None:
    decisions = fold(
        Facts(0, {"a": -1, "b": -1}),
        [
            append(1, event(0, "b"), event(9)),
            append(2, event(1, "b")),
            append(3, event(0, "b")),
        ],
    )
    assert kinds(decisions) == [InvalidSequence, InvalidSequence, Accepted]
    assert decisions[2] == Accepted(0, 1)


def test_one_append_moves_several_aggregates_and_must_be_dense_in_itself() -> None:
    facts = Facts(0, {"a": -1, "b": 2})
    assert kinds(fold(facts, [append(1, event(0), event(3, "b"), event(1))])) == [Accepted]
    assert kinds(fold(facts, [append(1, event(0), event(2))])) == [InvalidSequence]
    assert kinds(fold(facts, [append(1, event(0), event(0))])) == [InvalidSequence]


def test_events_without_an_aggregate_are_not_checked() -> None:
    assert kinds(fold(Facts(0), [append(1, event(7, None), event(7, None))])) == [Accepted]


def test_an_append_stands_or_falls_with_its_base() -> None:
    stored = (99).to_bytes(16, "big")
    decisions = fold(
        Facts(0, {"a": -1}, stored_bases=frozenset({stored})),
        [
            append(1, event(5)),
            append(2, event(0), base=1),
            append(3, event(0)),
            append(4, event(1), base=3),
            append(5, event(2), base=99),
            append(6, event(3), base=77),
        ],
    )
    assert kinds(decisions) == [
        InvalidSequence,
        BaseNotAccepted,
        Accepted,
        Accepted,
        Accepted,
        BaseNotAccepted,
    ]


def test_a_sequence_that_is_right_by_accident_does_not_save_an_append_on_a_refused_base() -> None:
    # Append 2 was made on the state that 1 would have left. 1 is refused, 3 happens to store the
    # same number of events; 4's number fits, but the state it was made on has never been.
    decisions = fold(
        Facts(0, {"a": 0}),
        [
            append(1, event(0)),
            append(3, event(1)),
            append(4, event(2), base=1),
        ],
    )
    assert kinds(decisions) == [InvalidSequence, Accepted, BaseNotAccepted]


def test_an_append_id_is_not_used_twice_in_a_batch() -> None:
    decisions = fold(Facts(0, {"a": -1}), [append(1, event(0)), append(1, event(1))])
    assert kinds(decisions) == [Accepted, InvalidEvent]


def test_a_refused_append_may_come_again_under_its_id() -> None:
    decisions = fold(Facts(0, {"a": -1}), [append(1, event(1)), append(1, event(0))])
    assert kinds(decisions) == [InvalidSequence, Accepted]


def test_a_condition_looks_at_stored_events_from_its_marker_on() -> None:
    red = Criterion((RED,))
    for marker, expected in (
        (FROM_THE_START, ConditionNotMet),
        (4, ConditionNotMet),
        (5, ConditionNotMet),
        (6, Accepted),
        (NEVER_CONFLICTS, Accepted),
    ):
        condition = AppendCondition(marker, (red,))
        decisions = fold(
            Facts(9, latest_matches={red: 5 if marker <= 5 else NO_MATCH}),
            [append(1, tagged("Opened"), condition=condition)],
        )
        assert kinds(decisions) == [expected], marker


def test_a_condition_without_criteria_looks_at_everything() -> None:
    condition = AppendCondition(FROM_THE_START)
    empty = Facts(0, latest_matches={EVERYTHING: NO_MATCH})
    decisions = fold(
        empty,
        [
            append(1, tagged("Opened"), condition=condition),
            append(2, tagged("Opened"), condition=condition),
            append(3, tagged("Opened"), condition=AppendCondition(1)),
            append(4, tagged("Opened"), condition=AppendCondition(1)),
        ],
    )
    assert kinds(decisions) == [Accepted, ConditionNotMet, Accepted, ConditionNotMet]


def test_several_criteria_are_alternatives() -> None:
    red, big = Criterion((RED,)), Criterion((BIG,))
    condition = AppendCondition(FROM_THE_START, (red, big))
    assert kinds(
        fold(
            Facts(3, latest_matches={red: NO_MATCH, big: 2}),
            [append(1, tagged("Opened"), condition=condition)],
        )
    ) == [ConditionNotMet]


def test_a_condition_sees_accepted_appends_of_its_batch_and_never_refused_ones() -> None:
    both = Criterion((RED, BIG), ("Opened", "Closed"))
    facts = Facts(5, {"a": -1}, {both: NO_MATCH})
    guarded = append(9, tagged("Paid"), condition=AppendCondition(FROM_THE_START, (both,)))
    seen = append(1, tagged("Closed", BIG, RED, RED))
    assert kinds(fold(facts, [seen, guarded])) == [Accepted, ConditionNotMet]
    for unseen in (tagged("Closed", RED), tagged("Paid", RED, BIG), tagged("Closed")):
        assert kinds(fold(facts, [append(1, unseen), guarded])) == [Accepted, Accepted]
    refused = append(1, tagged("Closed", RED, BIG), event(7))
    assert kinds(fold(facts, [refused, guarded])) == [InvalidSequence, Accepted]


def test_a_condition_on_names_sees_its_batch() -> None:
    names = Criterion(names=("Opened", "Closed"))
    facts = Facts(5, latest_matches={names: NO_MATCH})
    guarded = append(9, condition=AppendCondition(6, (names,)))
    assert kinds(fold(facts, [append(1, tagged("Opened")), guarded])) == [Accepted, Accepted]
    later = append(2, tagged("Paid"), tagged("Closed"))
    assert kinds(fold(facts, [append(1, tagged("Opened")), later, guarded])) == [
        Accepted,
        Accepted,
        ConditionNotMet,
    ]
