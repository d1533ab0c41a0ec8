"""Appends: gathered in batches, answered one by one, never guessed at, made known last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from ranvier.events.append import Accepted, Append, LeftOut, Outcome
from ranvier.events.errors import InvalidSequence, UnknownContext
from ranvier.services.append_sequencer import HALVED_FROM
from ranvier.services.batch_limits import BatchLimits
from ranvier.services.errors import (
    AppendContended,
    AppendQueueFull,
    NodeStopping,
)
from ranvier.storage.errors import StorageFull
from tests.support.appending import Appending, Result
from tests.support.memory_event_log import MemoryEventLog
from tests.support.new_events import new_event, stream


async def test_an_append_is_answered_with_its_first_token() -> None:
    appending = Appending()
    assert await appending.service.append("default", stream(3)) == Accepted(0, 3)
    assert await appending.service.append("default", stream(1, "b")) == Accepted(3, 1)


async def test_while_one_batch_commits_the_next_gathers() -> None:
    appending = Appending()
    appending.log.gate = asyncio.Event()
    first = appending.send(new_event("first"))
    await asyncio.sleep(0)
    others = [appending.send(new_event(f"other-{number}")) for number in range(50)]
    appending.log.gate.set()
    await appending.settle()
    assert appending.batch_sizes() == [1, 50]
    assert first == [Accepted(0, 1)]
    assert others == [[Accepted(number + 1, 1)] for number in range(50)]


async def test_a_refused_append_does_not_harm_its_neighbours() -> None:
    appending = Appending()
    answers = [
        appending.send(new_event("a")),
        appending.send(new_event("b", 7)),
        appending.send(new_event("c")),
    ]
    await appending.settle()
    assert answers[0] == [Accepted(0, 1)]
    assert answers[2] == [Accepted(1, 1)]
    refusal = answers[1][0]
    assert isinstance(refusal, InvalidSequence)
    assert (refusal.expected, refusal.actual) == (0, 7)


async def test_an_unknown_context_is_told_to_every_append_of_the_batch() -> None:
    appending = Appending()
    with pytest.raises(UnknownContext):
        await appending.service.append("nowhere", stream(1))
    assert appending.service.budget.taken_bytes == 0


async def test_contexts_do_not_wait_for_each_other() -> None:
    appending = Appending()
    appending.log.gate = asyncio.Event()
    appending.send(new_event("a"))
    appending.send(new_event("a"), context="other")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert appending.batch_sizes() == [1, 1]
    appending.log.gate.set()
    await appending.settle()


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        (BatchLimits(appends_per_batch=2), [2, 2, 1]),
        (BatchLimits(events_per_batch=2), [1, 1, 1, 1, 1]),
        (BatchLimits(events_per_batch=4), [2, 2, 1]),
        (BatchLimits(bytes_per_batch=1), [1, 1, 1, 1, 1]),
    ],
)
async def test_a_batch_keeps_to_each_of_its_bounds(limits: BatchLimits, sizes: list[int]) -> None:
    appending = Appending(limits)
    for number in range(5):
        appending.send(*stream(2, f"aggregate-{number}"))
    await appending.settle()
    assert appending.batch_sizes() == sizes


async def test_of_many_that_are_under_way_a_batch_takes_half() -> None:
    appending = Appending()
    appending.log.gate = asyncio.Event()
    appending.send(new_event("first"))
    await asyncio.sleep(0)
    for number in range(2 * HALVED_FROM - 1):
        appending.send(new_event(f"other-{number}"))
    appending.log.gate.set()
    await appending.settle()
    # Whoever was answered may come again: the next half is theirs.
    assert appending.batch_sizes() == [1, HALVED_FROM, HALVED_FROM - 1]


async def test_an_append_larger_than_a_batch_is_a_batch_of_its_own() -> None:
    appending = Appending(BatchLimits(events_per_batch=3))
    small, large = appending.send(new_event("a")), appending.send(*stream(10, "b"))
    await appending.settle()
    assert (small, large) == ([Accepted(0, 1)], [Accepted(1, 10)])
    assert appending.batch_sizes() == [1, 1]


async def test_too_many_waiting_bytes_are_refused_and_the_rest_is_stored() -> None:
    size = len(new_event().data)
    appending = Appending(BatchLimits(waiting_bytes=2 * size))
    answers = [appending.send(new_event(name)) for name in "abc"]
    assert isinstance(answers[2][0], AppendQueueFull)
    await appending.settle()
    assert answers[:2] == [[Accepted(0, 1)], [Accepted(1, 1)]]
    assert appending.service.budget.taken_bytes == 0
    assert await appending.service.append("default", [new_event("d")]) == Accepted(2, 1)


async def test_events_are_announced_after_the_answers_and_once_for_a_batch() -> None:
    appending = Appending()
    events = [new_event(name) for name in "ab"]
    for event in events:
        appending.service.append_then(
            "default", [event], lambda _result: appending.order.append("answered")
        )
    await appending.settle()
    assert appending.order == ["answered", "answered", "announced"]
    assert appending.announced == [("default", 0, events)]


async def test_nothing_is_announced_for_refused_appends() -> None:
    appending = Appending()
    appending.send(new_event("a", 5))
    await appending.settle()
    assert appending.announced == []


async def test_what_was_left_out_goes_first_in_the_next_batch() -> None:
    appending = Appending()
    left_out_once = leaving_out(lambda batch: 0 if batch == 0 else None)
    appending.log.twist = left_out_once(appending.log)
    appending.log.gate = asyncio.Event()
    first, second = appending.send(new_event("a")), appending.send(new_event("b"))
    await asyncio.sleep(0)
    newer = appending.send(new_event("c"))
    appending.log.gate.set()
    await appending.settle()
    assert second == [Accepted(0, 1)]
    assert first == [Accepted(1, 1)]
    assert newer == [Accepted(2, 1)]


async def test_what_was_left_out_together_keeps_its_order() -> None:
    appending = Appending()
    twists: list[list[Outcome]] = [[LeftOut()] * 3]
    appending.log.twist = lambda _context, _appends: twists.pop() if twists else None
    answers = [appending.send(new_event(name)) for name in "abc"]
    await appending.settle()
    assert answers == [[Accepted(0, 1)], [Accepted(1, 1)], [Accepted(2, 1)]]


async def test_appends_whose_tokens_lie_apart_are_announced_apart() -> None:
    appending = Appending()
    appending.log.twist = lambda _context, _appends: [
        Accepted(0, 1),
        Accepted(1, 1),
        Accepted(7, 1),
    ]
    events = [new_event(name) for name in "abc"]
    for event in events:
        appending.send(event)
    await appending.settle()
    assert appending.announced == [("default", 0, events[:2]), ("default", 7, events[2:])]


async def test_an_append_that_is_always_left_out_is_refused_in_the_end() -> None:
    appending = Appending(BatchLimits(decisions_per_append=3))
    appending.log.twist = lambda _context, appends: [LeftOut()] * len(appends)
    answer = appending.send(new_event())
    await appending.settle()
    assert isinstance(answer[0], AppendContended)
    assert len(appending.log.batches) == 3
    assert appending.service.budget.taken_bytes == 0


async def test_an_error_that_nobody_foresaw_leaves_the_outcome_unknown() -> None:
    appending = Appending()

    def break_after_the_commit(context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        appending.log.decide(context, appends)
        raise ZeroDivisionError

    appending.log.twist = break_after_the_commit
    answer = appending.send(new_event())
    await appending.settle()
    assert answer == [Accepted(0, 1)]


async def test_a_full_disk_refuses_and_the_next_append_is_tried() -> None:
    appending = Appending()

    def full(_context: str, _appends: Sequence[Append]) -> Sequence[Outcome]:
        raise StorageFull

    appending.log.twist = full
    refused = appending.send(new_event())
    await appending.settle()
    assert isinstance(refused[0], StorageFull)
    appending.log.twist = lambda _context, _appends: None
    assert await appending.service.append("default", stream(1)) == Accepted(0, 1)


async def test_an_answer_that_raises_does_not_keep_the_others_waiting() -> None:
    appending = Appending()

    def broken(_result: Result) -> None:
        raise ZeroDivisionError

    appending.service.append_then("default", [new_event("a")], broken)
    answer = appending.send(new_event("b"))
    await appending.settle()
    assert answer == [Accepted(1, 1)]


async def test_stopping_answers_what_waits_and_refuses_what_comes() -> None:
    appending = Appending()
    appending.log.gate = asyncio.Event()
    waiting = [appending.send(new_event("a"))]
    await asyncio.sleep(0)
    waiting.append(appending.send(new_event("b")))
    stopping = asyncio.create_task(appending.service.stop())
    await asyncio.sleep(0)
    late = appending.send(new_event("c"))
    assert isinstance(late[0], NodeStopping)
    assert not stopping.done()
    appending.log.gate.set()
    await stopping
    assert waiting == [[Accepted(0, 1)], [Accepted(1, 1)]]


async def test_a_caller_that_leaves_does_not_stop_its_append() -> None:
    appending = Appending()
    appending.log.gate = asyncio.Event()
    caller = asyncio.create_task(appending.service.append("default", stream(1)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    appending.log.gate.set()
    await appending.settle()
    assert len(appending.log.context("default").events) == 1


async def test_idle_contexts_leave_nothing_behind() -> None:
    appending = Appending()
    for number in range(100):
        with pytest.raises(UnknownContext):
            await appending.service.append(f"nowhere-{number}", stream(1))
        await appending.settle()
    assert len(appending.service._sequencers) == 1


def leaving_out(
    chosen: Callable[[int], int | None],
) -> Callable[[MemoryEventLog], Callable[[str, Sequence[Append]], Sequence[Outcome]]]:
    """Return a twist that leaves out the append at `chosen(number of the batch)`."""

    def over(log: MemoryEventLog) -> Callable[[str, Sequence[Append]], Sequence[Outcome]]:
        def twist(context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
            index = chosen(len(log.batches) - 1)
            kept = [append for at, append in enumerate(appends) if at != index]
            outcomes = list(log.decide(context, kept))
            if index is not None:
                outcomes.insert(index, LeftOut())
            return outcomes

        return twist

    return over
