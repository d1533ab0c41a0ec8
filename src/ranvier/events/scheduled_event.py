"""An event that is published when its time has come, and what follows when it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.events.claim import Claim
from ranvier.events.event import NewEvent

ATTEMPTS_AT_MOST: Final = 10
"""Refusals after which an event is parked: with the pauses between them, 17 minutes."""

FIRST_PAUSE_MS: Final = 1_000
"""Before the second attempt; each further pause is twice as long."""

LONGEST_PAUSE_MS: Final = 60_000
"""Between attempts while it is the node that cannot store anything."""


@dataclass(frozen=True, slots=True)
class ScheduledEvent:
    """An event without tags that is due at a time, milliseconds since 1970.

    `token` is minted once and never used again.
    """

    token: str
    due_ms: int
    event: NewEvent


@dataclass(frozen=True, slots=True)
class DueEvent:
    """A scheduled event that one node has claimed for publication; `attempts` were refused."""

    context: str
    scheduled: ScheduledEvent
    claim: Claim
    attempts: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """What becomes of a due event that was refused.

    `retry_at_ms` None parks it: it stays as it is, with its error, until a client cancels it or
    schedules it anew.
    """

    error: str
    attempts: int
    retry_at_ms: int | None


def refusal_of(attempts: int, error: str, now_ms: int, *, is_passing: bool) -> Refusal:
    """Decide what follows a refusal after so many earlier ones.

    `is_passing` says that the event is not to blame: such a refusal is not counted.
    """
    pause_ms: int = FIRST_PAUSE_MS << min(attempts, ATTEMPTS_AT_MOST)
    if is_passing:
        return Refusal(error, attempts, now_ms + min(pause_ms, LONGEST_PAUSE_MS))
    if attempts + 1 >= ATTEMPTS_AT_MOST:
        return Refusal(error, attempts + 1, None)
    return Refusal(error, attempts + 1, now_ms + pause_ms)
