"""Figures of searching: ad-hoc queries over all of history, per second of server CPU."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench.figure import Figure
from bench.fill import fill
from bench.load_connection import LoadConnection, message, messages_of, request_block
from bench.measured_node import Meter, measured_node
from ranvier.proto.event_pb2 import QueryEventsRequest, QueryEventsResponse

METHOD = "/io.axoniq.axonserver.grpc.event.EventStore/QueryEvents"
STORED_EVENTS = 100_000
ROUNDS = 3

QUERIES = {
    "a filter on one field that nothing passes": 'payloadType = "nothing"',
    "a text looked for in every payload": 'payloadData contains "needle"',
    "events counted by type and hour": "groupby([payloadType, hour(timestamp)], count())",
    "the oldest 200, where each row read comes before all others": "sortby(timestamp)",
    "the newest 200 in order": "sortby(timestamp desc)",
}


def figures(folder: Path) -> list[Figure]:
    """Fill a node with a hundred thousand events and search all of them by several queries."""
    data = folder / "search"
    fill(data, STORED_EVENTS)
    with measured_node(data) as (node, meter):
        port = int(str(node.ready["grpc"]))
        return [
            Figure(
                f"search of 100,000 events, per server CPU second: {name}",
                statistics.median([search_rate(port, meter, query) for _ in range(ROUNDS)]),
                "events",
            )
            for name, query in QUERIES.items()
        ]


def search_rate(port: int, meter: Meter, query: str) -> float:
    """Run a query to its end; return events per second of server CPU."""
    request = QueryEventsRequest(query=query, number_of_permits=1 << 40)
    connection = LoadConnection(port)
    connection.chunks = []
    before = meter.cpu_seconds()
    connection.calls([request_block(METHOD)], [message(request.SerializeToString())])
    while not connection.ended:
        connection.receive()
    used = meter.cpu_seconds() - before
    parts = [QueryEventsResponse.FromString(each) for each in messages_of(connection.chunks)]
    connection.close()
    if not parts or not parts[-1].files_completed.success:
        raise AssertionError(f"the node did not get through history: {len(parts)} parts")
    return STORED_EVENTS / used
