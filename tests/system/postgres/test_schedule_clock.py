"""A node whose clock is hours ahead publishes nothing before its time."""

from __future__ import annotations

import time

from ranvier.events.scheduled_event import ScheduledEvent
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.databases import CONTEXT
from tests.support.new_events import new_event

MINUTE_MS = 60_000


async def test_what_is_due_by_one_nodes_clock_alone_waits(
    nodes: tuple[PostgresDatabase, PostgresDatabase],
) -> None:
    ahead, right = nodes
    now_ms = time.time_ns() // 1_000_000
    for token, due_ms in (("due", now_ms - MINUTE_MS), ("later", now_ms + 30 * MINUTE_MS)):
        await right.scheduled_events.add(CONTEXT, ScheduledEvent(token, due_ms, new_event()))
    hours_ahead_ms = now_ms + 120 * MINUTE_MS
    claimed = await ahead.scheduled_events.claim_due("ahead", hours_ahead_ms, hours_ahead_ms, 10)
    assert [each.scheduled.token for each in claimed] == ["due"]
