"""An event as it is handed in for appending."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.events.tag import Tag


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event that has no token yet.

    `data` is the serialised Axon message exactly as it came; the other fields are what the store
    itself must know of it. `name` is the payload type. `aggregate_id` is None for an event without
    an aggregate type: its sequence number is not checked and no aggregate read returns it.
    """

    name: str
    data: bytes
    time_ms: int
    aggregate_id: str | None
    aggregate_type: str
    sequence: int
    tags: tuple[Tag, ...] = ()
