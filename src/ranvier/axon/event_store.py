"""The event store of the Axon API: every call by name, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ranvier.axon.aggregates import Aggregates
from ranvier.axon.answering import answering_many, answering_one
from ranvier.axon.append_event import AppendEventCall
from ranvier.axon.errors import refuse_large_message
from ranvier.axon.list_events import EventStreams
from ranvier.axon.query_events import QueryStreams
from ranvier.axon.query_row import EventRow
from ranvier.axon.snapshots import Snapshots
from ranvier.axon.tokens import Tokens
from ranvier.services.append_events import AppendEvents
from ranvier.services.follow_events import FollowEvents
from ranvier.services.read_events import ReadEvents
from ranvier.services.run_queries import QueryLimits, RunQueries
from ranvier.services.search_events import SearchEvents
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.wire.grpc.methods import Method, streaming

EVENT_STORE: Final = "io.axoniq.axonserver.grpc.event.EventStore"


@dataclass(frozen=True, slots=True)
class EventServices:
    """The services that the event store calls."""

    append_events: AppendEvents
    follow_events: FollowEvents
    read_events: ReadEvents
    store_snapshots: StoreSnapshots
    search_events: SearchEvents
    now_ms: Callable[[], int]
    """Unix milliseconds, for the time windows of queries."""
    count_sent: Callable[[str, int], None] = lambda _context, _count: None
    """Told of the events that were sent to readers of a context."""
    query_limits: QueryLimits = field(default_factory=QueryLimits)


def run_queries(services: EventServices) -> RunQueries:
    """Return what answers ad-hoc queries, over gRPC or otherwise."""
    return RunQueries(
        services.search_events,
        services.follow_events,
        EventRow,
        services.now_ms,
        services.query_limits,
    )


def event_store_methods(services: EventServices) -> Mapping[str, Method]:
    """Return the methods of the event store, by name."""
    aggregates = Aggregates(services.read_events)
    snapshots = Snapshots(services.store_snapshots)
    tokens = Tokens(services.read_events)
    streams = EventStreams(
        services.follow_events, services.read_events, count_sent=services.count_sent
    )
    queries = QueryStreams(run_queries(services))
    return {
        "AppendEvent": streaming(
            lambda call: AppendEventCall(call, services.append_events),
            oversized=refuse_large_message,
        ),
        "AppendSnapshot": answering_one(snapshots.append_snapshot, oversized=refuse_large_message),
        "ListAggregateEvents": answering_many(aggregates.list_aggregate_events),
        "ListAggregateSnapshots": answering_many(snapshots.list_aggregate_snapshots),
        "ListEvents": streaming(streams.open),
        "ReadHighestSequenceNr": answering_one(aggregates.read_highest_sequence),
        "QueryEvents": streaming(queries.open),
        "GetFirstToken": answering_one(tokens.get_first_token),
        "GetLastToken": answering_one(tokens.get_last_token),
        "GetTokenAt": answering_one(tokens.get_token_at),
    }
