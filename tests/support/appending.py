"""The service that appends, over a log in memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted
from ranvier.events.event import NewEvent
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_lookup import AppendLookup
from ranvier.services.batch_limits import BatchLimits
from tests.support.memory_event_log import MemoryEventLog

Result = Accepted | RanvierError


class Appending:
    """An append service over a log in memory, and what it announced."""

    def __init__(self, limits: BatchLimits | None = None) -> None:
        self.log = MemoryEventLog("default", "other")
        self.announced: list[tuple[str, int, list[NewEvent]]] = []
        self.order: list[str] = []
        self.pauses: list[float] = []
        limits = limits or BatchLimits()
        numbers = count(1)
        self.service = AppendEvents(
            self.log,
            lambda: next(numbers).to_bytes(16, "big"),
            self.announce,
            limits,
            AppendLookup(self.log, limits, self.pause),
        )

    def announce(self, context: str, first_token: int, events: Sequence[NewEvent]) -> None:
        self.order.append("announced")
        self.announced.append((context, first_token, list(events)))

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def send(self, *events: NewEvent, context: str = "default") -> list[Result]:
        """Hand an append over; the list gets its answer."""
        answers: list[Result] = []
        self.service.append_then(context, events, answers.append)
        return answers

    async def settle(self) -> None:
        """Return when everything that was handed over is answered."""
        for sequencer in list(self.service._sequencers.values()):
            await sequencer.drain()

    def batch_sizes(self) -> list[int]:
        return [len(batch) for batch in self.log.batches]
