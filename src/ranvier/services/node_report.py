"""What a node tells of itself to whoever watches the cluster: load, work, queues, links, health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ranvier.services.topology import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Pieces of work: all since a node's start, or those of each second."""

    commands: float = 0.0
    """Answered by their handlers, counted on the nodes of handlers and of callers alike."""
    queries: float = 0.0
    events_appended: float = 0.0
    events_read: float = 0.0
    """Sent to readers."""
    http_requests: float = 0.0
    failures: float = 0.0
    """Commands, queries and appends that were refused or broke."""

    def per_second_since(self, before: Work, seconds: float) -> Work:
        """Return how much of each was done every second since then."""
        return Work(
            **{
                each.name: max(0.0, getattr(self, each.name) - getattr(before, each.name)) / seconds
                for each in fields(self)
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """Messages that are under way toward the handlers of a node, now."""

    commands_waiting: int = 0
    """For permits of their handlers."""
    commands_in_flight: int = 0
    """With their handlers, who have not answered yet."""
    queries_waiting: int = 0
    queries_in_flight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedHandler:
    """One name that one stream of a client handles; the figures are those of the whole stream."""

    kind: Kind
    context: str
    name: str
    client_id: str
    component_name: str
    load_factor: int = 100
    permits: int = 0
    """What the client may still be sent."""
    waiting: int = 0
    """Messages that wait for permits."""
    in_flight: int = 0
    """Messages that were sent and are not answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedClient:
    """A client with a control stream."""

    context: str
    client_id: str
    component_name: str
    version: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    connected_seconds: float = 0.0
    """For how long, when the report was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedProcessor:
    """An event processor as one client runs it."""

    context: str
    name: str
    client_id: str
    component_name: str
    mode: str = ""
    is_running: bool = False
    is_error: bool = False
    active_threads: int = 0
    available_threads: int = 0
    segment_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLink:
    """The link of a node to another one that runs."""

    node_id: str
    name: str
    is_up: bool
    round_trip_seconds: float | None = None
    """Of a call without content, lately; None where none has been measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Who is connected and handles what, each list bounded; the counts are of all that match."""

    handlers: tuple[ReportedHandler, ...] = ()
    handler_count: int = 0
    clients: tuple[ReportedClient, ...] = ()
    client_count: int = 0
    processors: tuple[ReportedProcessor, ...] = ()
    processor_count: int = 0


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """How a node does at one moment."""

    node_id: str
    name: str
    taken_at_ms: int
    """Milliseconds since 1970 on the node's own clock."""
    uptime_seconds: float = 0.0
    cpu_share: float = 0.0
    """Of one core, over the last seconds: 0.25 is a quarter."""
    memory_bytes: int = 0
    """Resident."""
    client_count: int = 0
    open_session_count: int | None = None
    """None where the node does not know it."""
    is_ready: bool = True
    health: tuple[str, ...] = ()
    """What is wrong, in sentences; empty where nothing is."""
    counters: Work = field(default_factory=Work)
    """Since the node's start."""
    rates: Work = field(default_factory=Work)
    """Of each second, over the last few; 0 in a node's first moment."""
    queues: Queues = field(default_factory=Queues)
    links: tuple[ReportedLink, ...] = ()
    details: Details = NO_DETAILS
    """Empty where they were not asked for."""


@dataclass(frozen=True, slots=True)
class ReportWish:
    """What is asked of a node."""

    with_details: bool = False
    search: str = ""
    """Details whose context, name, component or client holds this text, in whatever case."""


SUMMARY = ReportWish()
"""No details: what costs a node little however many clients it has."""
