"""What the HTTP side is given by the node that it belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ranvier.cluster.member import MemberView
from ranvier.config.settings import Settings
from ranvier.events.tag import Tag
from ranvier.observability.measurements import Measurement
from ranvier.security.secret import Secret
from ranvier.services.administer_cluster import AdministerCluster
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.services.administer_processors import AdministerProcessors
from ranvier.services.append_events import AppendEvents
from ranvier.services.cluster_clients import ClusterClients
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.dispatch_commands import DispatchCommands
from ranvier.services.follow_events import FollowEvents
from ranvier.services.keep_clients import KeepClients
from ranvier.services.node_reports import NodeReports
from ranvier.services.read_events import ReadEvents
from ranvier.services.route_queries import RouteQueries
from ranvier.services.run_queries import RunQueries
from ranvier.services.share_configuration import ShareConfiguration
from ranvier.services.source_events import SourceEvents
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.services.topology import Topology
from ranvier.storage.context_catalogue import ContextCatalogue
from ranvier.storage.event_log import EventLog
from ranvier.web.page_sessions import PageSessionParts
from ranvier.web.user_parts import UserParts


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node tells of itself; the hosts are those that it advertises, the ports the bound."""

    name: str
    host_name: str
    internal_host_name: str
    http_port: int
    grpc_port: int
    internal_port: int
    is_tls: bool
    """Whether clients reach gRPC and HTTP by TLS."""
    is_clustered: bool
    """Whether other nodes can use its database."""
    started_at: float
    """On the clock of the dependencies, in seconds."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """How one part of the node does; `reason` is a sentence and empty while it is up.

    Without a part that `is_needed` the node is not ready.
    """

    name: str
    is_up: bool
    reason: str = ""
    details: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    is_needed: bool = True


class Drains(Protocol):
    """Who drains nodes; `DrainNode` does."""

    async def drain(self, name: str) -> None:
        """Have a node take nothing new and send its clients elsewhere; raises a `DrainError`."""

    async def resume(self, name: str) -> None:
        """Have a node take clients again; raises a `DrainError`."""


@dataclass(frozen=True, slots=True)
class WebDependencies:
    """Services, ports and plain values; nothing here is started or stopped by the HTTP side."""

    append: AppendEvents
    follow: FollowEvents
    read: ReadEvents
    source: SourceEvents
    snapshots: StoreSnapshots
    commands: DispatchCommands
    queries: RunQueries
    route_queries: RouteQueries
    clients: KeepClients
    """Those of this node."""
    cluster_clients: ClusterClients
    event_log: EventLog
    contexts: ContextCatalogue
    administer_contexts: AdministerContexts
    administer_cluster: AdministerCluster
    processors: AdministerProcessors
    topology: Topology
    kinds: ContextKinds
    tags_of_event: Callable[[str, int], Awaitable[Sequence[Tag]]]
    """By context and token; raises `NoSuchEvent`."""
    snapshot_counts: Callable[[], Awaitable[Mapping[str, int]]]
    """How many snapshots each context holds."""
    node: Callable[[], NodeFacts]
    """Asked for each answer, since ports are known only when they are bound."""
    members: Callable[[], Sequence[MemberView]]
    """All nodes as this one sees them, itself included."""
    linked: Callable[[], Collection[str]]
    """The ids of the nodes that this one has a link with."""
    drains: Drains
    reports: NodeReports
    """How every node does."""
    health: Callable[[], Sequence[PartHealth]]
    """The node is ready when every part is up; must not wait for anything."""
    metrics: Callable[[], bytes]
    """The figures of the node in Prometheus' text format."""
    measurements: Callable[[], Sequence[Measurement]]
    """The same figures one by one."""
    access_token: Callable[[], Secret | None]
    """Required of every request that is not open to all; None while access control is off."""
    configuration: ShareConfiguration
    settings: Callable[[], Settings]
    """What this node works by now, with what all nodes share."""
    request_came: Callable[[str], None]
    """Told of each request by its method."""
    token_refused: Callable[[], None]
    """Told of each request that is refused for its access token."""
    clock: Callable[[], float]
    """Seconds that never go back: the clock of `NodeFacts.started_at` and of `clients`."""
    users: UserParts
    """The people who sign in."""
    page_sessions: PageSessionParts
    """The sessions of people at the pages."""
    time_ms: Callable[[], int]
    """Milliseconds since 1970: the time of events that bring none."""
    new_message_id: Callable[[], str]
    """An identifier for an event that brings none."""
    message_bytes: int = 4 * 1024 * 1024
    """Of one event or snapshot: as long as a gRPC message may be."""
