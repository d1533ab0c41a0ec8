"""The schedule under a clock of its own: published when due, refused with patience, then parked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from itertools import count

import pytest

from ranvier.errors import RanvierError
from ranvier.events.errors import ClaimLost, InvalidEvent, InvalidSequence, NoSuchScheduledEvent
from ranvier.events.event import NewEvent
from ranvier.events.scheduled_event import ATTEMPTS_AT_MOST
from ranvier.services.errors import AppendOutcomeUnknown, NodeStopping
from ranvier.services.schedule_events import (
    CLAIM_MS,
    COUNT_PAUSE_MS,
    LOOK_SECONDS,
    ScheduleEvents,
    ScheduleSources,
)
from ranvier.storage.errors import StorageFull, StorageUnavailable
from tests.support.memory_schedule import MemorySchedule
from tests.support.new_events import new_event

EVENT = new_event()


class Schedule:
    """A service on a store in memory; `now_ms` is its clock, `waits` how long it has waited."""

    def __init__(self) -> None:
        self.store = MemorySchedule()
        self.now_ms = 0
        self.waits: asyncio.Queue[float] = asyncio.Queue()
        tokens = count(1)
        self.service = ScheduleEvents(
            self.store,
            self.store,
            ScheduleSources(lambda: "me", lambda: self.now_ms, lambda: f"t{next(tokens)}"),
            self.wait_for,
        )

    async def wait_for(self, change: Awaitable[object], seconds: float) -> object:
        """Wait as long as nothing changes: time passes only when the test says so."""
        self.waits.put_nowait(seconds)
        return await change

    async def refuse(self, error: RanvierError) -> None:
        self.store.refusals = [error]
        assert await self.service.publish_due() == 1


@pytest.fixture
async def schedule() -> AsyncIterator[Schedule]:
    made = Schedule()
    yield made
    await made.service.stop()


async def test_nothing_is_published_before_its_time(schedule: Schedule) -> None:
    await schedule.service.schedule("default", 1_000, EVENT)
    schedule.now_ms = 999
    assert await schedule.service.publish_due() == 0
    schedule.now_ms = 1_000
    assert await schedule.service.publish_due() == 1
    assert await schedule.service.publish_due() == 0
    assert schedule.store.published == [EVENT]
    assert schedule.service.published() == {"default": 1}


async def test_what_comes_earlier_wakes_the_service(schedule: Schedule) -> None:
    await schedule.service.schedule("default", 60_000, EVENT)
    await schedule.service.start()
    assert await schedule.waits.get() == LOOK_SECONDS
    await schedule.service.schedule("default", 250, new_event("b"))
    assert await schedule.waits.get() == 0.25
    schedule.now_ms = 250
    await schedule.service.schedule("default", 0, new_event("c"))
    await schedule.waits.get()
    assert schedule.store.published == [new_event("c"), new_event("b")]
    assert schedule.store.released == ["me"]


async def test_a_round_that_fails_is_followed_by_another(schedule: Schedule) -> None:
    schedule.store.failure = StorageUnavailable("it sleeps")
    await schedule.service.schedule("default", 0, EVENT)
    await schedule.service.start()
    assert await schedule.waits.get() == LOOK_SECONDS
    await schedule.service.schedule("default", 0, new_event("b"))
    await schedule.waits.get()
    assert schedule.store.published == [EVENT, new_event("b")]


async def test_a_refused_event_is_tried_again_later_and_then_parked(
    schedule: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    token = await schedule.service.schedule("default", 0, EVENT)
    for attempt in range(ATTEMPTS_AT_MOST):
        assert schedule.store.rows[token].attempts == attempt
        await schedule.refuse(InvalidSequence("a", 5, 0))
        assert await schedule.service.publish_due() == 0, "not at once"
        due_ms = await schedule.store.next_due_ms()
        schedule.now_ms = due_ms if due_ms is not None else 10**12
    assert await schedule.service.publish_due() == 0, "it is parked"
    (parked,) = await schedule.store.parked("default", 10)
    assert parked.attempts == ATTEMPTS_AT_MOST
    assert parked.error.startswith("[AXONIQ-2000] Invalid sequence number 0 for aggregate a")
    assert "is parked" in caplog.text
    assert schedule.service.failed() == {"default": ATTEMPTS_AT_MOST}
    await schedule.service.cancel("default", token)
    assert schedule.store.rows == {}


async def test_a_full_disk_parks_nothing(schedule: Schedule) -> None:
    token = await schedule.service.schedule("default", 0, EVENT)
    for _ in range(ATTEMPTS_AT_MOST * 2):
        await schedule.refuse(StorageFull())
        schedule.now_ms = await schedule.store.next_due_ms() or 0
    assert schedule.store.rows[token].attempts == 0
    assert await schedule.service.publish_due() == 1
    assert schedule.store.published == [EVENT]


@pytest.mark.parametrize("error", [AppendOutcomeUnknown("default"), NodeStopping()])
async def test_what_may_be_stored_is_left_to_the_end_of_its_claim(
    schedule: Schedule, error: RanvierError
) -> None:
    await schedule.service.schedule("default", 0, EVENT)
    await schedule.refuse(error)
    assert await schedule.store.next_due_ms() == CLAIM_MS
    schedule.now_ms = CLAIM_MS
    assert await schedule.service.publish_due() == 1
    assert schedule.service.failed() == {}


async def test_an_event_that_is_cancelled_after_its_claim_is_not_published(
    schedule: Schedule,
) -> None:
    token = await schedule.service.schedule("default", 0, EVENT)
    (due,) = await schedule.store.claim_due("me", 0, 1, 1)
    await schedule.service.cancel("default", token)
    await schedule.service._publish(due)
    assert schedule.store.published == []
    assert schedule.service.failed() == {}


async def test_rescheduling_takes_the_old_one_away(schedule: Schedule) -> None:
    old = await schedule.service.schedule("default", 10, EVENT)
    new = await schedule.service.reschedule("default", old, 500, new_event("b"))
    assert new != old
    schedule.now_ms = 10_000
    await schedule.service.publish_due()
    assert schedule.store.published == [new_event("b")]


async def test_axoniq_2610_what_is_out_cannot_be_rescheduled(schedule: Schedule) -> None:
    token = await schedule.service.schedule("default", 0, EVENT)
    await schedule.service.publish_due()
    with pytest.raises(NoSuchScheduledEvent, match=token) as refused:
        await schedule.service.reschedule("default", token, 0, EVENT)
    assert refused.value.code == "AXONIQ-2610"
    assert schedule.store.rows == {}
    await schedule.service.cancel("default", token)


async def test_what_could_never_be_stored_is_refused_at_once(schedule: Schedule) -> None:
    nul = NewEvent("bad\0name", b"", 0, None, "", 0)
    with pytest.raises(InvalidEvent, match="payload type holds a NUL"):
        await schedule.service.schedule("default", 0, nul)
    assert schedule.store.rows == {}


async def test_a_time_beyond_all_numbers_waits_for_ever(schedule: Schedule) -> None:
    await schedule.service.schedule("default", 2**80, EVENT)
    await schedule.service.schedule("default", -(2**80), new_event("b"))
    await schedule.service.publish_due()
    assert schedule.store.published == [new_event("b")]


async def test_a_stopping_node_takes_nothing(schedule: Schedule) -> None:
    await schedule.service.start()
    await schedule.service.stop()
    with pytest.raises(NodeStopping):
        await schedule.service.schedule("default", 0, EVENT)
    with pytest.raises(NodeStopping):
        await schedule.service.cancel("default", "t")


async def test_what_waits_is_counted_now_and_then(schedule: Schedule) -> None:
    await schedule.service.schedule("default", 60_000, EVENT)
    await schedule.service.start()
    await schedule.waits.get()
    assert schedule.service.waiting() == {"default": 1}
    assert schedule.service.parked() == {"default": 0}
    await schedule.service.schedule("default", 60_000, EVENT)
    await schedule.waits.get()
    assert schedule.service.waiting() == {"default": 1}
    schedule.now_ms = COUNT_PAUSE_MS
    await schedule.service.schedule("default", 60_000, EVENT)
    await schedule.waits.get()
    assert schedule.service.waiting() == {"default": 3}


async def test_a_fault_of_our_own_does_not_end_the_service(
    schedule: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> int:
        raise ZeroDivisionError

    await schedule.service.schedule("default", 0, EVENT)
    works, schedule.service._publish_round = schedule.service._publish_round, broken  # type: ignore[assignment,method-assign]  # a fault to be
    await schedule.service.start()
    await schedule.waits.get()
    schedule.service._publish_round = works  # type: ignore[method-assign]  # the fault is over
    await schedule.service.schedule("default", 0, EVENT)
    await schedule.waits.get()
    assert len(schedule.store.published) == 2
    assert any(record.levelno == logging.ERROR for record in caplog.records)


async def test_what_a_silent_node_had_claimed_is_published_at_once(schedule: Schedule) -> None:
    await schedule.service.schedule("default", 0, EVENT)
    (claimed,) = await schedule.store.claim_due("other", 0, 60_000, 1)
    await schedule.service.start()
    assert await schedule.waits.get() == LOOK_SECONDS
    schedule.service.free_claims_of("other")
    await schedule.waits.get()
    assert schedule.store.published == [EVENT]
    with pytest.raises(ClaimLost):
        await schedule.store.publish("default", EVENT, claimed.claim)
