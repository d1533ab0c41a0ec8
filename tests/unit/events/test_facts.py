from __future__ import annotations

from ranvier.events.append import Append, AppendCondition
from ranvier.events.criterion import EVERYTHING, Criterion
from ranvier.events.event import NewEvent
from ranvier.events.facts import needs_of


def event(aggregate_id: str | None) -> NewEvent:
    return NewEvent("Opened", b"", 0, aggregate_id, "Order", 0)


def test_each_question_is_asked_once() -> None:
    opened = Criterion(names=("Opened",))
    needs = needs_of(
        [
            Append(b"1", (event("a"), event("b"), event(None))),
            Append(b"2", (event("a"),), AppendCondition(7, (opened,)), base=b"1"),
            Append(b"3", (), AppendCondition(3, (opened,))),
            Append(b"4", (), AppendCondition(5), base=b"1"),
            Append(b"5", (), AppendCondition(9, (opened,))),
        ]
    )
    assert needs.aggregate_ids == {"a", "b"}
    assert needs.markers == {opened: 3, EVERYTHING: 5}
    assert needs.base_ids == {b"1"}


def test_nothing_is_asked_for_nothing() -> None:
    needs = needs_of([Append(b"1", (event(None),))])
    assert not needs.aggregate_ids
    assert not needs.markers
    assert not needs.base_ids
