"""Events that a real node appends when their time has come, scheduled by the Python client."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from ranvier.client import Criterion, EventMessage, Hub, Payload, Tag, TaggedEvent
from ranvier.client.errors import InvalidRequest


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(milliseconds=20)


def never() -> datetime:
    return datetime.now(UTC) + timedelta(days=365)


def reminder(text: str) -> EventMessage:
    return EventMessage(Payload("Reminded", text.encode()))


async def test_what_is_scheduled_is_appended_at_its_time(hub: Hub) -> None:
    start = await hub.events.last_token() + 1
    cancelled = await hub.schedule.schedule(never(), reminder("cancelled"))
    moved = await hub.schedule.schedule(never(), reminder("first"))
    await hub.schedule.cancel(cancelled)
    await hub.schedule.cancel(cancelled)
    token = await hub.schedule.reschedule(moved, soon(), reminder("second"))
    assert token
    async with asyncio.timeout(60), aclosing(hub.events.stream(start)) as stream:
        assert (await anext(stream)).payload == Payload("Reminded", b"second")
    assert await hub.schedule.reschedule("", never(), reminder("third"))


async def test_dcb_events_are_scheduled_too(dcb_hub: Hub) -> None:
    start = await dcb_hub.dcb.head()
    event = TaggedEvent(Payload("SeatReleased", b"7"))
    moved = await dcb_hub.schedule.schedule(never(), event)
    await dcb_hub.schedule.reschedule(moved, soon(), event)
    cancelled = await dcb_hub.schedule.schedule(never(), event)
    await dcb_hub.schedule.cancel(cancelled, dcb=True)
    stream = dcb_hub.dcb.stream(Criterion(names=("SeatReleased",)), start=start)
    async with asyncio.timeout(60), aclosing(stream):
        assert (await anext(stream)).payload == Payload("SeatReleased", b"7")
    with pytest.raises(InvalidRequest):
        await dcb_hub.schedule.schedule(never(), TaggedEvent(Payload("A"), (Tag("a", "b"),)))
