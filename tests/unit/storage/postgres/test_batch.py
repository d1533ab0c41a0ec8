from __future__ import annotations

from ranvier.events.append import (
    Accepted,
    Append,
    AppendCondition,
    Decision,
    LeftOut,
    Refused,
)
from ranvier.events.claim import Claim
from ranvier.events.errors import BaseNotAccepted
from ranvier.storage.postgres.appending import outcomes_of
from ranvier.storage.postgres.batch import batch_of
from tests.support.appends import append, event, new_append_id

YES = Accepted(0, 1)
NO = Refused(BaseNotAccepted())


def dependencies(appends: list[Append], decisions: list[Decision]) -> list[tuple[int, int]]:
    batch = batch_of(appends, decisions).batch
    return list(zip(batch.dependents, batch.dependencies, strict=True))


def test_an_append_stands_on_the_last_one_that_touches_its_aggregate() -> None:
    appends = [append(event(0)), append(event(0, "b")), append(event(1)), append(event(2))]
    assert dependencies(appends, [YES] * 4) == [(3, 1), (4, 3)]


def test_an_append_stands_on_its_base_and_on_the_one_before_of_its_claim() -> None:
    first = append(event(0, None))
    claim = Claim("t", 1)
    claiming = Append(new_append_id(), (event(0, None),), claim=claim)
    assert dependencies([first, append(event(0), base=first.append_id)], [YES, YES]) == [(2, 1)]
    assert batch_of([claiming, claiming], [YES, NO]).refusals == {1: [1]}


def test_an_accepted_condition_stands_on_nothing_and_a_refused_one_on_all_before() -> None:
    conditional = append(event(0, None), condition=AppendCondition(0))
    appends = [append(event(0)), append(event(0, "b")), conditional]
    assert dependencies(appends, [YES] * 3) == []
    assert list(batch_of(appends, [YES, YES, NO]).refusals[2]) == [1, 2]


def test_places_count_only_what_is_handed_over() -> None:
    appends = [append(event(5)), append(event(0)), append(event(1))]
    assert dependencies(appends, [NO, YES, YES]) == [(2, 1)]


def test_what_stands_on_a_refused_base_stands_on_what_that_stands_on() -> None:
    refused = append(event(7))
    appends = [append(event(0)), refused, append(event(0, "b"), base=refused.append_id)]
    decided = batch_of(appends, [YES, NO, NO])
    assert decided.refusals == {1: [1], 2: [1]}
    assert outcomes_of([YES, NO, NO], decided, [None]) == [LeftOut()] * 3
    assert outcomes_of([YES, NO, NO], decided, [9]) == [Accepted(9, 1), NO, NO]


def test_what_is_the_same_for_all_is_handed_over_once() -> None:
    several = [append(event(0)), append(event(1))]
    _, counts, appends, ids, types, _, _, names, *_ = batch_of(
        several, [YES, YES]
    ).batch.parameters()
    assert (counts, appends) == ([], [])
    assert (ids, len(types), len(names)) == (["a", "a"], 1, 1)


def test_an_append_of_several_events_says_how_many() -> None:
    pair = [append(event(0), event(1)), append(event(0, "b"))]
    _, counts, appends, *_ = batch_of(pair, [YES, YES]).batch.parameters()
    assert (counts, appends) == ([2, 1], [1, 1, 2])
    uneven = [append(event(0), event(1)), append()]
    _, counts, appends, *_ = batch_of(uneven, [YES, YES]).batch.parameters()
    assert (counts, appends) == ([2, 0], [1, 1])


def test_only_a_plain_event_by_itself_goes_the_short_way() -> None:
    def is_short(*appends: Append) -> bool:
        return batch_of(appends, [YES] * len(appends)).batch.is_one_event

    claim = Claim("t", 1)
    assert is_short(append(event(0)))
    assert not is_short(append(event(0), event(1)))
    assert not is_short(append(event(0)), append(event(0, "b")))
    assert not is_short(append(event(0)), append())
    assert not is_short(append(event(0), condition=AppendCondition(0)))
    assert not is_short(Append(new_append_id(), (event(0, None),), claim=claim))
