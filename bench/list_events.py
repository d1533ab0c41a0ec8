"""Figures of reading: the whole log, and aggregates, per second of server CPU."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import apsw

from bench.figure import Figure
from bench.fill import fill
from bench.load_connection import LoadConnection, message, messages_of, request_block
from bench.measured_node import Meter, measured_node
from bench.stored_events import EVENTS_PER_AGGREGATE, aggregate_id
from ranvier.proto.event_pb2 import EventWithToken, GetAggregateEventsRequest, GetEventsRequest

SERVICE = "/io.axoniq.axonserver.grpc.event.EventStore"
STORED_EVENTS = 1_000_000
ROUNDS = 3
AGGREGATE_LOADS = 20_000
LOADS_IN_FLIGHT = 64


def figures(folder: Path) -> list[Figure]:
    """Fill a node with a million events, read them all, and load aggregates of ten."""
    data = folder / "read"
    fill(data, STORED_EVENTS)
    with measured_node(data) as (node, meter):
        port = int(str(node.ready["grpc"]))
        listed = statistics.median([list_rate(port, meter) for _ in range(ROUNDS)])
        loads = statistics.median([load_rate(port, meter) for _ in range(ROUNDS)])
    raw = statistics.median([raw_rate(data) for _ in range(ROUNDS)])
    return [
        Figure(
            "ListEvents over 1,000,000 events, per server CPU second", listed, "events", 500_000
        ),
        Figure("... beside reading the same rows raw (aim 0.3)", listed / raw, "x", None),
        Figure("aggregate loads of 10 events, per server CPU second", loads, "loads", 8_000),
    ]


def list_rate(port: int, meter: Meter) -> float:
    """Read every event once; return events per second of server CPU."""
    request = GetEventsRequest(tracking_token=0, number_of_permits=1 << 40)
    connection = LoadConnection(port)
    connection.chunks = []
    before = meter.cpu_seconds()
    connection.calls(
        [request_block(f"{SERVICE}/ListEvents")], [message(request.SerializeToString())]
    )
    while not connection.ended:
        connection.receive()
    used = meter.cpu_seconds() - before
    tokens = [EventWithToken.FromString(each).token for each in messages_of(connection.chunks)]
    connection.close()
    if tokens != list(range(STORED_EVENTS)):
        raise AssertionError(f"the node sent {len(tokens)} events, not 0 .. {STORED_EVENTS - 1}")
    return STORED_EVENTS / used


def load_rate(port: int, meter: Meter) -> float:
    """Load aggregates, some at a time; return loads per second of server CPU."""
    step = STORED_EVENTS // EVENTS_PER_AGGREGATE // AGGREGATE_LOADS
    bodies = [
        message(
            GetAggregateEventsRequest(aggregate_id=aggregate_id(number * step)).SerializeToString()
        )
        for number in range(AGGREGATE_LOADS)
    ]
    return loads_per_cpu_second(port, meter, f"{SERVICE}/ListAggregateEvents", bodies)


def loads_per_cpu_second(port: int, meter: Meter, path: str, bodies: list[bytes]) -> float:
    """Make calls that each answer ten events, some at a time; return calls per second of CPU."""
    connection = LoadConnection(port)
    block = request_block(path)
    before = meter.cpu_seconds()
    sent = 0
    while connection.ended < len(bodies):
        free = LOADS_IN_FLIGHT - (sent - connection.ended)
        batch = bodies[sent : sent + free]
        connection.calls([block] * len(batch), batch)
        sent += len(batch)
        connection.receive()
    used = meter.cpu_seconds() - before
    received = connection.data_bytes
    connection.close()
    if connection.failed or received < len(bodies) * EVENTS_PER_AGGREGATE * 200:
        raise AssertionError(f"{connection.failed} loads failed, {received} bytes came")
    return len(bodies) / used


def raw_rate(data: Path) -> float:
    """Read the same rows with apsw alone; return events per second of CPU."""
    [file] = data.glob("*.db")
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    before = time.process_time()
    count = sum(1 for _ in connection.execute("SELECT position, data FROM event ORDER BY position"))
    used = time.process_time() - before
    connection.close()
    if count != STORED_EVENTS:
        raise AssertionError(f"the database holds {count} events")
    return count / used
