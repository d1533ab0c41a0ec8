"""Appends without an answer: looked up, decided again, and never refused for their own sake."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ranvier.events.append import Accepted, Append, Outcome, Unknown
from ranvier.events.errors import InvalidSequence
from ranvier.services.batch_limits import BatchLimits
from ranvier.services.errors import (
    AppendOutcomeUnknown,
)
from ranvier.storage.errors import StorageUnavailable
from tests.support.appending import Appending
from tests.support.new_events import new_event


async def test_a_lost_outcome_is_looked_up_and_found() -> None:
    appending = Appending()

    def commit_without_an_answer(context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        appending.log.decide(context, appends)
        return [Unknown()] * len(appends)

    appending.log.twist = commit_without_an_answer
    event = new_event()
    answer = appending.send(event)
    await appending.settle()
    assert answer == [Accepted(0, 1)]
    assert appending.announced == [("default", 0, [event])]
    assert len(appending.log.batches) == 1


async def test_a_lost_append_that_did_not_happen_is_decided_again() -> None:
    appending = Appending()
    twists: list[list[Outcome]] = [[Unknown()]]
    appending.log.twist = lambda _context, _appends: twists.pop() if twists else None
    answer = appending.send(new_event())
    await appending.settle()
    assert answer == [Accepted(0, 1)]
    assert [batch[0].append_id for batch in appending.log.batches] == [
        (1).to_bytes(16, "big"),
        (1).to_bytes(16, "big"),
    ]


async def test_a_lost_append_that_is_stored_after_the_look_up_is_not_refused_for_its_own_sake() -> (
    None
):
    appending = Appending()
    late: list[Append] = []

    def lose(_context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        late.extend(appends)
        appending.log.twist = arrive
        return [Unknown()]

    def arrive(context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        appending.log.twist = lambda _context, _appends: None
        appending.log.decide(context, late)
        return appending.log.decide(context, appends)

    appending.log.twist = lose
    answers = appending.send(new_event("a"))
    await appending.settle()
    assert answers == [Accepted(0, 1)]
    assert len(appending.log.batches) == 2


async def test_a_lost_append_that_did_not_happen_may_be_refused_the_second_time() -> None:
    appending = Appending()

    def lose(context: str, _appends: Sequence[Append]) -> Sequence[Outcome]:
        appending.log.twist = lambda _context, _appends: None
        appending.log.store(context, new_event("a"))
        return [Unknown()]

    appending.log.twist = lose
    answers = appending.send(new_event("a"))
    await appending.settle()
    assert isinstance(answers[0], InvalidSequence)
    assert not appending.service._sequencers["default"]._looked_up


async def test_a_question_is_repeated_while_the_database_does_not_answer() -> None:
    appending = Appending(BatchLimits(lookup_pause_seconds=0.25))
    appending.log.find_errors = [StorageUnavailable("it restarts"), StorageUnavailable("still")]
    twists: list[list[Outcome]] = [[Unknown()]]
    appending.log.twist = lambda _context, _appends: twists.pop() if twists else None
    answer = appending.send(new_event())
    await appending.settle()
    assert answer == [Accepted(0, 1)]
    assert appending.pauses == [0.25, 0.25]


async def test_a_question_that_fails_in_a_way_nobody_foresaw_leaves_nobody_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    appending = Appending(BatchLimits(lookups_per_outcome=2))
    appending.log.find_errors = [ValueError("a fault in the database's code")] * 2
    twists: list[list[Outcome]] = [[Unknown()]]
    appending.log.twist = lambda _context, _appends: twists.pop() if twists else None
    lost = appending.send(new_event())
    await appending.settle()
    assert isinstance(lost[0], AppendOutcomeUnknown)
    later = appending.send(new_event())
    await appending.settle()
    assert later == [Accepted(0, 1)]
    assert appending.service.budget.taken_bytes == 0
    assert "looking up an append" in caplog.text


async def test_too_few_outcomes_are_none() -> None:
    appending = Appending()
    twists: list[list[Outcome]] = [[Unknown()]]
    appending.log.twist = lambda _context, _appends: twists.pop() if twists else None
    answers = [appending.send(new_event("a")), appending.send(new_event("b"))]
    await appending.settle()
    assert answers == [[Accepted(0, 1)], [Accepted(1, 1)]]


async def test_an_outcome_that_nobody_can_tell_is_told_as_unknown_to_all_of_the_batch() -> None:
    appending = Appending(BatchLimits(lookups_per_outcome=3))
    appending.log.find_errors = [StorageUnavailable("gone")] * 3
    appending.log.twist = lambda _context, appends: [Unknown()] * len(appends)
    answers = [appending.send(new_event(name)) for name in "ab"]
    await appending.settle()
    assert [type(answer[0]) for answer in answers] == [AppendOutcomeUnknown] * 2
    assert appending.log.find_errors == []
    assert appending.announced == []
