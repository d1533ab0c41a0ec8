"""The port of the events that wait for their time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.events.claim import Claim
from ranvier.events.scheduled_event import DueEvent, Refusal, ScheduledEvent


@dataclass(frozen=True, slots=True)
class ScheduledCounts:
    """How many events of a context wait for their time, and how many are parked."""

    waiting: int
    parked: int


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that was refused so often that nobody tries any more, and the last error."""

    scheduled: ScheduledEvent
    attempts: int
    error: str


class ScheduledEvents(Protocol):
    """The scheduled events of all contexts; an unknown context raises `UnknownContext`.

    A due event is claimed in a transaction of its own. The append that publishes it names the claim
    and deletes the row in its transaction, so that it is published once whatever happens between.
    """

    async def add(self, context: str, scheduled: ScheduledEvent) -> None:
        """Keep an event durably until it is due."""
        ...

    async def replace(self, context: str, token: str, scheduled: ScheduledEvent) -> None:
        """Take one event away and keep another, both or neither.

        Raises `NoSuchScheduledEvent` when nothing waits under that token.
        """
        ...

    async def remove(self, context: str, token: str) -> bool:
        """Take an event away durably; False when there is none of that token."""
        ...

    async def next_due_ms(self) -> int | None:
        """When the next event of any context may be claimed; None when none waits."""
        ...

    async def claim_due(
        self, owner: str, now_ms: int, until_ms: int, limit: int
    ) -> Sequence[DueEvent]:
        """Claim the events that are due first; nobody else claims them before `until_ms`."""
        ...

    async def release(self, owner: str) -> None:
        """Let everything be claimed at once that an earlier run of this owner had claimed."""
        ...

    async def refused(self, claim: Claim, refusal: Refusal) -> None:
        """Remember a refusal, unless the claim no longer holds."""
        ...

    async def counts(self) -> Mapping[str, ScheduledCounts]:
        """How many wait and are parked in each context that has any."""
        ...

    async def parked(self, context: str, limit: int) -> Sequence[ParkedEvent]:
        """The parked events of a context, the oldest first."""
        ...
