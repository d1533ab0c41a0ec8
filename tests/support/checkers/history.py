"""What clients noted of each thing they asked for: when, and what they were told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf


class Told(Enum):
    """What a client was told; `UNKNOWN` also where it was told nothing."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """No event with a token from `marker` on may bear any of these keys."""

    marker: int
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class AppendNote:
    """One append of one event, known by an id that nothing else bears.

    `invoked` and `completed` are seconds of one monotonic clock. `token` is what the client was
    told, where it was told one.
    """

    id: str
    invoked: float
    completed: float = inf
    told: Told = Told.UNKNOWN
    token: int | None = None
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the final log has it, with the keys that conditions look for."""

    id: str
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that a reader was given."""

    token: int
    id: str


@dataclass(frozen=True, slots=True)
class CommandNote:
    """One command that a client sent; `number` counts this client's commands with this key."""

    id: str
    key: str
    client: str
    number: int
    told: Told = Told.UNKNOWN


@dataclass(frozen=True, slots=True)
class Effect:
    """One time that a handler did what a command asked for."""

    command_id: str
    handler: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class FencedWrite:
    """One write that a resource has taken from the holder of a lease."""

    holder: str
    fence: int
