"""Every call of the services that the event side of the client is for is made to a node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from ranvier.client import (
    EventMessage,
    Hub,
    NewSnapshot,
    Payload,
    ProcessorId,
    Tag,
    TaggedEvent,
)
from ranvier.client.connection import Connection
from ranvier.client.errors import HubError
from ranvier.proto import admin_pb2, dcb_pb2, event_pb2, persistent_streams_pb2

Call = Callable[[Hub], Awaitable[Any]]
EVENT: Final = EventMessage(Payload("Any"))
TAGGED: Final = TaggedEvent(Payload("Any"))
LATER: Final = datetime.now(UTC) + timedelta(days=1)
PROCESSOR: Final = ProcessorId("nobody")
STATE: Final = NewSnapshot(Payload("Any"))


def first(generator: Callable[[Hub], AsyncGenerator[Any, None]]) -> Call:
    """Take what a call yields first, if anything."""

    async def take(hub: Hub) -> None:
        async with aclosing(generator(hub)) as items:
            await anext(items, None)

    return take


async def follow_classic(hub: Hub) -> None:
    await hub.events.append(EVENT)
    async with aclosing(hub.events.stream()) as stream:
        await anext(stream)


async def follow_dcb(hub: Hub) -> None:
    await hub.dcb.append(TAGGED)
    async with aclosing(hub.dcb.stream()) as stream:
        await anext(stream)


async def open_stream(hub: Hub) -> None:
    await hub.streams.create("every")
    reader = await hub.streams.open("every")
    await anext(reader)
    reader.close()


async def hear_changes(hub: Hub) -> None:
    async with aclosing(hub.contexts.changes()) as changes:
        coming = asyncio.ensure_future(anext(changes))
        while not coming.done():
            await hub.contexts.update("default", {"heard": "yes"})
            await hub.contexts.update("default", {"heard": ""})
        await coming


CLASSIC: Final[dict[str, Call]] = {
    "EventStore/AppendEvent": lambda hub: hub.events.append(EVENT),
    "EventStore/AppendSnapshot": lambda hub: hub.events.append_snapshot(EVENT),
    "EventStore/ListAggregateEvents": first(lambda hub: hub.events.aggregate("a")),
    "EventStore/ListAggregateSnapshots": first(lambda hub: hub.events.snapshots("a")),
    "EventStore/ListEvents": follow_classic,
    "EventStore/ReadHighestSequenceNr": lambda hub: hub.events.highest_sequence("a"),
    "EventStore/QueryEvents": first(lambda hub: hub.events.query("")),
    "EventStore/GetFirstToken": lambda hub: hub.events.first_token(),
    "EventStore/GetLastToken": lambda hub: hub.events.last_token(),
    "EventStore/GetTokenAt": lambda hub: hub.events.token_at(LATER),
    "EventScheduler/ScheduleEvent": lambda hub: hub.schedule.schedule(LATER, EVENT),
    "EventScheduler/RescheduleEvent": lambda hub: hub.schedule.reschedule("", LATER, EVENT),
    "EventScheduler/CancelScheduledEvent": lambda hub: hub.schedule.cancel("unknown"),
    "PersistentStreamService/CreateStream": lambda hub: hub.streams.create("every"),
    "PersistentStreamService/OpenStream": open_stream,
    "PersistentStreamService/ListStreams": first(lambda hub: hub.streams.list()),
    "PersistentStreamService/ResetStream": lambda hub: hub.streams.reset("every", "head"),
    "PersistentStreamService/UpdateStream": lambda hub: hub.streams.update("every", segments=2),
    "PersistentStreamService/DeleteStream": lambda hub: hub.streams.delete("every"),
    "ContextAdminService/CreateContext": lambda hub: hub.contexts.create("every"),
    "ContextAdminService/UpdateContextProperties": lambda hub: hub.contexts.update("every", {}),
    "ContextAdminService/GetContext": lambda hub: hub.contexts.get("default"),
    "ContextAdminService/GetContexts": first(lambda hub: hub.contexts.list()),
    "ContextAdminService/SubscribeContextUpdates": hear_changes,
    "ContextAdminService/DeleteContext": lambda hub: hub.contexts.delete("every"),
    "EventProcessorAdminService/PauseEventProcessor": lambda hub: hub.processors.pause(PROCESSOR),
    "EventProcessorAdminService/StartEventProcessor": lambda hub: hub.processors.start(PROCESSOR),
    "EventProcessorAdminService/SplitEventProcessor": lambda hub: hub.processors.split(PROCESSOR),
    "EventProcessorAdminService/MergeEventProcessor": lambda hub: hub.processors.merge(PROCESSOR),
    "EventProcessorAdminService/MoveEventProcessorSegment": (
        lambda hub: hub.processors.move(PROCESSOR, 0, "nobody")
    ),
    "EventProcessorAdminService/GetAllEventProcessors": first(lambda hub: hub.processors.list()),
    "EventProcessorAdminService/GetEventProcessorsByComponent": first(
        lambda hub: hub.processors.of_component("nobody")
    ),
    "EventProcessorAdminService/LoadBalanceProcessor": (
        lambda hub: hub.processors.balance(PROCESSOR, "default")
    ),
    "EventProcessorAdminService/SetAutoLoadBalanceStrategy": (
        lambda hub: hub.processors.balance_always(PROCESSOR, "default")
    ),
    "EventProcessorAdminService/GetBalancingStrategies": first(
        lambda hub: hub.processors.strategies()
    ),
}

DCB: Final[dict[str, Call]] = {
    "DcbEventStore/Append": lambda hub: hub.dcb.append(TAGGED),
    "DcbEventStore/Source": lambda hub: hub.dcb.source().all(),
    "DcbEventStore/Stream": follow_dcb,
    "DcbEventStore/GetHead": lambda hub: hub.dcb.head(),
    "DcbEventStore/GetTail": lambda hub: hub.dcb.tail(),
    "DcbEventStore/GetSequenceAt": lambda hub: hub.dcb.sequence_at(LATER),
    "DcbEventStore/AddTags": lambda hub: hub.dcb.add_tags(0, Tag("a", "b")),
    "DcbEventStore/GetTags": lambda hub: hub.dcb.tags(0),
    "DcbEventStore/RemoveTags": lambda hub: hub.dcb.remove_tags(0, Tag("a", "b")),
    "DcbSnapshotStore/Add": lambda hub: hub.snapshots.add("every", 0, STATE),
    "DcbSnapshotStore/GetLast": lambda hub: hub.snapshots.last("every"),
    "DcbSnapshotStore/List": first(lambda hub: hub.snapshots.list("every")),
    "DcbSnapshotStore/Delete": lambda hub: hub.snapshots.delete("every"),
    "SnapshottedDcbEventStore/Source": lambda hub: hub.dcb.source_with_snapshot("every").all(),
    "DcbEventScheduler/ScheduleEvent": lambda hub: hub.schedule.schedule(LATER, TAGGED),
    "DcbEventScheduler/RescheduleEvent": lambda hub: hub.schedule.reschedule("", LATER, TAGGED),
    "DcbEventScheduler/CancelScheduledEvent": lambda hub: hub.schedule.cancel("unknown", dcb=True),
}

LACKS_TARGET: Final = frozenset({"AXONIQ-2000", "AXONIQ-2800", "AXONIQ-2801"})
"""Refusals of calls whose aggregate, processor or client this node does not have."""


def test_the_tables_hold_every_call_of_the_services() -> None:
    files = (event_pb2, dcb_pb2, persistent_streams_pb2, admin_pb2)
    services = {
        name: service
        for file in files
        for name, service in file.DESCRIPTOR.services_by_name.items()
    }
    names = {key.partition("/")[0] for key in CLASSIC | DCB}
    assert names == {
        "EventStore",
        "EventScheduler",
        "DcbEventStore",
        "DcbSnapshotStore",
        "SnapshottedDcbEventStore",
        "DcbEventScheduler",
        "PersistentStreamService",
        "ContextAdminService",
        "EventProcessorAdminService",
    }
    declared = {f"{name}/{method.name}" for name in names for method in services[name].methods}
    assert declared == set(CLASSIC | DCB)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every call that a hub makes from now on, as `Service/Method`."""
    seen: set[str] = set()

    def spied(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        def noted(self: Connection, service: str, method: str, *rest: Any, **named: Any) -> Any:
            seen.add(f"{service.rpartition('.')[2]}/{method}")
            return real(self, service, method, *rest, **named)

        return noted

    monkeypatch.setattr(Connection, "unary", spied(Connection.unary))
    monkeypatch.setattr(Connection, "stream", spied(Connection.stream))
    return seen


async def refusal_of(call: Call, hub: Hub) -> str | None:
    try:
        await asyncio.wait_for(call(hub), 60)
    except HubError as error:
        return error.code
    return None


async def make(calls: dict[str, Call], hub: Hub, made: set[str]) -> None:
    for name, call in calls.items():
        made.clear()
        refusal = await refusal_of(call, hub)
        assert refusal in {None, *LACKS_TARGET}, name
        assert name in made


async def test_every_call_of_a_classic_context_is_made(hub: Hub, made: set[str]) -> None:
    await make(CLASSIC, hub, made)


async def test_every_call_of_a_dcb_context_is_made(dcb_hub: Hub, made: set[str]) -> None:
    await make(DCB, dcb_hub, made)
