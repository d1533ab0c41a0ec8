"""Figures of DCB contexts: appends under a condition, and sources of one tag.

No target is set; each stands beside its classic counterpart, measured in the same run.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from pathlib import Path

from bench.append_events import APPEND_EVENT, append_rates
from bench.figure import Figure
from bench.fill import fill
from bench.list_events import loads_per_cpu_second
from bench.load_connection import message
from bench.measured_node import measured_node
from bench.stored_events import (
    EVENT_BYTES,
    EVENTS_PER_AGGREGATE,
    TIME_MS,
    aggregate_id,
    event_bytes,
)
from ranvier.events.append import Append
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from ranvier.proto import dcb_pb2
from ranvier.proto.event_pb2 import GetAggregateEventsRequest
from ranvier.storage.sqlite.database import SqliteDatabase

DCB_STORE = "/io.axoniq.axonserver.grpc.event.dcb.DcbEventStore"
CLASSIC_STORE = "/io.axoniq.axonserver.grpc.event.EventStore"
DCB_FLAG = "--default-context-dcb"
ROUNDS = 3
CALLERS = 64
CALLS_BUILT_AHEAD = 200_000
STORED_EVENTS = 200_000
EVENTS_PER_APPEND = 1_000
LOADS = 20_000


def figures(folder: Path) -> list[Figure]:
    """Measure appends, then loads."""
    return [*append_figures(folder), *source_figures(folder)]


def append_figures(folder: Path) -> list[Figure]:
    """Append one event a call: classic, DCB, DCB under a condition on one tag and on two."""
    kinds: list[tuple[str, str, Callable[[int], bytes], tuple[str, ...]]] = [
        ("AppendEvent", APPEND_EVENT, event_bytes, ()),
        ("DCB Append", f"{DCB_STORE}/Append", lambda n: dcb_append(n, 0), (DCB_FLAG,)),
        ("... under one tag", f"{DCB_STORE}/Append", lambda n: dcb_append(n, 1), (DCB_FLAG,)),
        ("... under two tags", f"{DCB_STORE}/Append", lambda n: dcb_append(n, 2), (DCB_FLAG,)),
    ]
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name, *_ in kinds}
    for turn in range(ROUNDS):
        for number, (name, path, make, flags) in enumerate(kinds):
            bodies = [message(make(n)) for n in range(CALLS_BUILT_AHEAD)]
            place = folder / f"dcb-{turn}-{number}"
            rates[name].append(append_rates(place, CALLERS, path, bodies, *flags))
    found = []
    for name, pairs in rates.items():
        for index, unit in enumerate(("appends/s", "appends per CPU second")):
            value = statistics.median([pair[index] for pair in pairs])
            found.append(Figure(f"{name}, {CALLERS} callers", value, unit))
    return found


def source_figures(folder: Path) -> list[Figure]:
    """Load ten events a call: aggregates of a classic context, tags of a DCB one."""
    fill(folder / "classic", STORED_EVENTS)
    asyncio.run(fill_tagged(folder / "tagged", STORED_EVENTS))
    step = STORED_EVENTS // EVENTS_PER_AGGREGATE // LOADS
    ids = [aggregate_id(number * step) for number in range(LOADS)]
    aggregates = [
        message(GetAggregateEventsRequest(aggregate_id=one).SerializeToString()) for one in ids
    ]
    one_tag = [message(source_of(order_tag(one))) for one in ids]
    two_tags = [message(source_of(order_tag(one), ALL)) for one in ids]
    classic = rates_of(folder / "classic", f"{CLASSIC_STORE}/ListAggregateEvents", [aggregates])
    tagged = rates_of(folder / "tagged", f"{DCB_STORE}/Source", [one_tag, two_tags], DCB_FLAG)
    unit = "loads per CPU second"
    return [
        Figure("aggregate loads of 10 events", classic[0], unit),
        Figure("sources of 10 events by a tag", tagged[0], unit),
        Figure("... beside aggregate loads", tagged[0] / classic[0], "x"),
        Figure("... by that tag and one that all events bear", tagged[1], unit),
    ]


def rates_of(data: Path, path: str, kinds: list[list[bytes]], *flags: str) -> list[float]:
    """Return the median rate of each kind of load."""
    with measured_node(data, *flags) as (node, meter):
        port = int(str(node.ready["grpc"]))
        return [
            statistics.median(
                [loads_per_cpu_second(port, meter, path, bodies) for _ in range(ROUNDS)]
            )
            for bodies in kinds
        ]


def dcb_append(number: int, tags_in_condition: int) -> bytes:
    """Return an append of one event, of a tag that is new, if no event bears it yet."""
    tags = [order_tag(f"{number:036d}"), ALL]
    request = dcb_pb2.AppendEventsRequest(event=[{"event": dcb_event(number), "tag": tags}])
    if tags_in_condition:
        wanted = dcb_pb2.TagsAndNamesCriterion(tag=tags[:tags_in_condition])
        request.condition.consistency_marker = -1
        request.condition.criterion.add(tags_and_names=wanted)
    return request.SerializeToString()


def source_of(*tags: dcb_pb2.Tag) -> bytes:
    """Return the request for the events that bear these tags."""
    wanted = dcb_pb2.TagsAndNamesCriterion(tag=tags)
    return dcb_pb2.SourceEventsRequest(
        criterion=[dcb_pb2.Criterion(tags_and_names=wanted)]
    ).SerializeToString()


def dcb_event(number: int) -> dcb_pb2.Event:
    """Return the event `number`, of `EVENT_BYTES`."""
    event = dcb_pb2.Event(
        identifier=f"{number:032x}",
        timestamp=TIME_MS + number,
        name="com.example.orders.OrderChanged",
        version="1",
    )
    event.payload = b"x" * max(EVENT_BYTES - event.ByteSize() - 3, 1)
    return event


def order_tag(value: str) -> dcb_pb2.Tag:
    """Return the tag of one order."""
    return dcb_pb2.Tag(key=b"order", value=value.encode())


ALL = dcb_pb2.Tag(key=b"kind", value=b"order")
"""Every event bears it."""


async def fill_tagged(directory: Path, count: int) -> None:
    """Store events in the DCB context `default`; ten in a row share the tag of an order."""
    database = SqliteDatabase(directory)
    await database.start()
    try:
        await database.contexts.create("default", dcb=True)
        for start in range(0, count, EVENTS_PER_APPEND):
            events = tuple(tagged_event(n) for n in range(start, start + EVENTS_PER_APPEND))
            await database.events.append("default", [Append(start.to_bytes(16, "big"), events)])
    finally:
        await database.stop()


def tagged_event(number: int) -> NewEvent:
    """Return the event `number` as the store takes it."""
    event = dcb_event(number)
    order = aggregate_id(number // EVENTS_PER_AGGREGATE).encode()
    tags = (Tag(b"order", order), Tag(ALL.key, ALL.value))
    return NewEvent(event.name, event.SerializeToString(), event.timestamp, None, "", 0, tags)
