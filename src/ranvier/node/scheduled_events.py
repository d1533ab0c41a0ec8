"""The schedule of a node, built over its database."""

from __future__ import annotations

from collections.abc import Callable

from ranvier.node.clocks import new_message_id, unix_ms
from ranvier.observability.metrics import Metrics
from ranvier.services.append_events import AppendEvents
from ranvier.services.hold_leases import HoldLeases
from ranvier.services.schedule_events import ScheduleEvents, ScheduleSources
from ranvier.storage.database import Database


def scheduled_events(
    database: Database,
    append: AppendEvents,
    leases: HoldLeases,
    node_id: Callable[[], str],
    metrics: Metrics,
) -> ScheduleEvents:
    """Return the schedule, with its figures shown."""
    sources = ScheduleSources(node_id, unix_ms, new_message_id)
    schedule = ScheduleEvents(database.scheduled_events, append, sources)
    leases.watch_silent(schedule.free_claims_of)
    for name, description, find in (
        ("waiting", "Scheduled events that wait for their time", schedule.waiting),
        ("parked", "Scheduled events that were refused too often", schedule.parked),
        ("published", "Scheduled events published", schedule.published),
        ("failed", "Publications of scheduled events refused", schedule.failed),
    ):
        metrics.watch_by_context(f"ranvier.scheduled.events.{name}.count", description, find)
    return schedule
