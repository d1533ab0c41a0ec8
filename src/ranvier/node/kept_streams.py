"""The persistent streams of a node, built over its database."""

from __future__ import annotations

from ranvier.axon.persistent_streams import PersistentStreams
from ranvier.axon.stream_event import StreamEvents
from ranvier.observability.metrics import Metrics
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.follow_events import FollowEvents
from ranvier.services.hold_leases import HoldLeases
from ranvier.services.persistent_streams import PersistentStreamService, StreamPorts
from ranvier.storage.database import Database


def kept_streams(
    database: Database,
    leases: HoldLeases,
    follow: FollowEvents,
    kinds: ContextKinds,
    metrics: Metrics,
) -> tuple[PersistentStreamService, PersistentStreams]:
    """Return the streams and their calls, with their figures shown."""
    events = StreamEvents(kinds)
    streams = PersistentStreamService(
        StreamPorts(database.persistent_streams, leases, database.events, follow, events.event_of)
    )
    show_streams(streams, metrics)
    return streams, PersistentStreams(streams, events)


def show_streams(streams: PersistentStreamService, metrics: Metrics) -> None:
    """Show the figures of the persistent streams."""
    metrics.watch(
        "ranvier.persistent.streams.consumers.count",
        "Calls that have a persistent stream open",
        streams.consumer_count,
    )
    metrics.watch(
        "ranvier.persistent.streams.open.segments.count",
        "Segments of persistent streams that a client holds",
        streams.open_segment_count,
    )
    metrics.watch(
        "ranvier.persistent.streams.refused.writes.count",
        "Positions that were refused since another node had taken a stream over",
        streams.refused_writes,
    )
