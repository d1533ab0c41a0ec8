"""A scheduled event as the columns of its row, which are the same in every database."""

from __future__ import annotations

from typing import Any

from ranvier.events.claim import Claim
from ranvier.events.event import NewEvent
from ranvier.events.scheduled_event import DueEvent, ScheduledEvent


def row_of(context_id: int, scheduled: ScheduledEvent) -> tuple[Any, ...]:
    """Return the columns in the order in which the statements take them."""
    event = scheduled.event
    return (
        scheduled.token,
        context_id,
        scheduled.due_ms,
        event.aggregate_id,
        event.aggregate_type,
        event.sequence,
        event.time_ms,
        event.name,
        event.data,
    )


def due_event(context: str, fence: int, attempts: int, token: str, *columns: Any) -> DueEvent:
    """Return the event of a row that was claimed."""
    return DueEvent(context, scheduled_event(token, *columns), Claim(token, fence), attempts)


def scheduled_event(token: str, due_ms: int, *columns: Any) -> ScheduledEvent:
    """Return the event of a row; its columns come in the order of `NewEvent`'s fields."""
    return ScheduledEvent(token, due_ms, NewEvent(*columns))
