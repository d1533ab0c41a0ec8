"""An append, the condition it may carry, and what can become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ranvier.errors import RanvierError
from ranvier.events.claim import Claim
from ranvier.events.criterion import EVERYTHING, Criterion
from ranvier.events.event import NewEvent

FROM_THE_START = -1
"""The marker that looks at every event of the context."""

NEVER_CONFLICTS = 2**63 - 1
"""The marker that no event's token reaches."""


@dataclass(frozen=True, slots=True)
class AppendCondition:
    """Refuses an append when an event with token >= `marker` matches any of the criteria.

    A condition without criteria looks at all events.
    """

    marker: int
    criteria: tuple[Criterion, ...] = ()

    @property
    def effective_criteria(self) -> tuple[Criterion, ...]:
        """The criteria, with "none given" spelled out as the one that matches everything."""
        return self.criteria or (EVERYTHING,)


@dataclass(frozen=True, slots=True)
class Append:
    """Events that are stored together, with consecutive tokens, or not at all.

    `append_id` is 16 bytes, unique, and grows with time (UUID version 7). `base` names an append
    that was not yet known to be stored when this one was decided on top of it. `claim` is a row
    that is deleted with the append; if it is no longer held, the append is refused.
    """

    append_id: bytes
    events: tuple[NewEvent, ...]
    condition: AppendCondition | None = None
    base: bytes | None = None
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The events are stored, with tokens from `first_token` on."""

    first_token: int
    count: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing of the append is stored, for the reason given."""

    error: RanvierError


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Nothing is stored or decided: something moved since the facts were read; ask again."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The commit was begun and its end not seen: look the append up by its id."""


Decision: TypeAlias = Accepted | Refused
Outcome: TypeAlias = Accepted | Refused | LeftOut | Unknown
