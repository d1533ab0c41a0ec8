"""The HTTP side of a node over a database in memory, for tests."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from ranvier.axon.query_row import EventRow
from ranvier.cluster.configuration import ConfigurationRevision
from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.config.load import load_settings
from ranvier.config.settings import Settings
from ranvier.config.shared_configuration import with_shared
from ranvier.errors import RanvierError
from ranvier.events.append import Append, Outcome
from ranvier.events.tag import Tag
from ranvier.observability.measurements import Measurement
from ranvier.observability.operation import Operation
from ranvier.security.secret import Secret
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.services.administer_processors import AdministerProcessors
from ranvier.services.append_events import AppendEvents
from ranvier.services.cluster_clients import ClusterClients
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.context_watch import ContextWatch
from ranvier.services.dispatch_commands import DispatchCommands
from ranvier.services.event_follower import EventFollower
from ranvier.services.follow_events import FollowEvents
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.keep_clients import KeepClients
from ranvier.services.node_report import NodeReport
from ranvier.services.node_reports import NodeReports
from ranvier.services.read_events import ReadEvents
from ranvier.services.route_queries import RouteQueries
from ranvier.services.run_queries import RunQueries
from ranvier.services.search_events import SearchEvents
from ranvier.services.share_configuration import ShareConfiguration, SharingPorts
from ranvier.services.source_events import SourceEvents
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.services.topology import Topology
from ranvier.web.application import build_application
from ranvier.web.dependencies import NodeFacts, PartHealth, WebDependencies
from ranvier.web.open_streams import OpenStreams
from ranvier.web.request_bodies import BodyLimits
from tests.support.joining import memory_administration
from tests.support.memory_cluster_nodes import MemoryClusterNodes
from tests.support.memory_configuration import MemoryConfiguration
from tests.support.memory_event_log import (
    MemoryCatalogue,
    MemoryEventLog,
    MemorySnapshots,
    MemoryStrategies,
)
from tests.support.memory_sessions import MemorySessions, SessionNode
from tests.support.memory_users import MemoryAccess
from tests.support.node_reports import PlayedPeers, told

NOW_MS = 1_700_000_000_123
NOW_ISO = "2023-11-14T22:13:20.123Z"

FACTS = NodeFacts(
    name="messaging1",
    host_name="messaging1.axoniq.io",
    internal_host_name="internal1.axoniq.io",
    http_port=8024,
    grpc_port=8124,
    internal_port=8224,
    is_tls=False,
    is_clustered=False,
    started_at=0.0,
)

OWN = MemberView(
    member=Member(
        node_id="id-of-messaging1",
        name=FACTS.name,
        host=FACTS.host_name,
        internal_host=FACTS.internal_host_name,
        http_port=FACTS.http_port,
        grpc_port=FACTS.grpc_port,
        internal_port=FACTS.internal_port,
        route="messaging1",
    ),
    state=NodeState.RUNNING,
    is_own=True,
)


@dataclass
class NotedDrains:
    """Notes which nodes are to drain and to resume; refuses where a refusal is set."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    refusal: RanvierError | None = None

    async def drain(self, name: str) -> None:
        self._note("drain", name)

    async def resume(self, name: str) -> None:
        self._note("resume", name)

    def _note(self, what: str, name: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append((what, name))


class NotedFollowing(FollowEvents):
    """Says when somebody has begun to follow."""

    def __init__(self, log: MemoryEventLog) -> None:
        super().__init__(log)
        self.followed = asyncio.Event()
        self.left = asyncio.Event()

    async def follow(self, context: str, from_token: int) -> EventFollower:
        follower = await super().follow(context, from_token)
        self.followed.set()
        return follower

    def leave(self, follower: EventFollower) -> None:
        super().leave(follower)
        self.left.set()


class NotedEventLog(MemoryEventLog):
    """Says when an append has come to it."""

    def __init__(self, *contexts: str) -> None:
        super().__init__(*contexts)
        self.asked = asyncio.Event()

    async def append(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        self.asked.set()
        return await super().append(context, appends)


@dataclass
class WebNode:
    """What stands behind the application; a test changes it as it likes."""

    log: NotedEventLog = field(default_factory=NotedEventLog)
    health: list[PartHealth] = field(default_factory=lambda: [PartHealth("database", is_up=True)])
    access_token: str | None = None
    body_limits: BodyLimits | None = None
    streams: OpenStreams = field(default_factory=OpenStreams)
    seconds: float = 100_000.0
    refused_tokens: int = 0
    facts: NodeFacts = FACTS
    members: list[MemberView] = field(default_factory=lambda: [OWN])
    linked: list[str] = field(default_factory=list)
    configurations: MemoryConfiguration = field(default_factory=MemoryConfiguration)
    refuses: str = ""
    """Why this node cannot work with any shared values."""
    own_settings: dict[str, str] = field(default_factory=dict)
    """What the node itself was told at its start."""
    applied: list[ConfigurationRevision] = field(default_factory=list)
    cluster_nodes: MemoryClusterNodes = field(default_factory=MemoryClusterNodes)
    drains: NotedDrains = field(default_factory=NotedDrains)
    report: NodeReport = field(default_factory=lambda: told(FACTS.name))
    """What this node tells of itself."""
    peers: PlayedPeers = field(default_factory=PlayedPeers)
    """What the others tell."""
    requests: Counter[str] = field(default_factory=Counter)
    measurements: list[Measurement] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = itertools.count()
        self.follow = NotedFollowing(self.log)
        self.append = AppendEvents(
            self.log, lambda: next(numbers).to_bytes(16, "big"), self.follow.announce
        )
        self.clients = KeepClients(self.clock)
        self.topology = Topology()
        self.queries = RouteQueries(self.topology, self.clients.tags_of, self.clock)
        self.kinds = ContextKinds(MemoryCatalogue(self.log))
        self.commands = DispatchCommands(
            self.kinds, self.topology, Operation("axon.commands", "Commands"), self.clock
        )
        self.contexts = AdministerContexts(MemoryCatalogue(self.log))
        self.cluster_clients = ClusterClients(self.clients)
        self.configuration = ShareConfiguration(
            SharingPorts(
                self.configurations,
                lambda: "here",
                lambda: {"here": "node-1"},
                lambda values: self.refuses if values else "",
                self._apply,
                self.clock,
                lambda: NOW_MS,
            )
        )
        self.session_node = SessionNode(MemorySessions(), FACTS.name)
        self.access = MemoryAccess(self.session_node.sessions.end_all_of)
        self.instruct = InstructClients(lambda: f"instruction-{next(numbers)}")
        self.processors = AdministerProcessors(
            self.cluster_clients, self.instruct, MemoryStrategies()
        )
        self.contexts.watch(ContextWatch(self.kinds, (self.follow.end_context,)))

    async def _apply(self, revision: ConfigurationRevision) -> None:
        self.applied.append(revision)

    def clock(self) -> float:
        return self.seconds

    def application(self) -> FastAPI:
        return build_application(self.dependencies(), self.streams, self.body_limits)

    def dependencies(self) -> WebDependencies:
        store = MemorySnapshots(self.log)
        numbers = itertools.count()
        return WebDependencies(
            append=self.append,
            follow=self.follow,
            read=ReadEvents(self.log, store),
            source=SourceEvents(self.log),
            snapshots=StoreSnapshots(store),
            commands=self.commands,
            queries=RunQueries(
                SearchEvents(self.log, store), self.follow, EventRow, lambda: NOW_MS
            ),
            route_queries=self.queries,
            clients=self.clients,
            cluster_clients=self.cluster_clients,
            event_log=self.log,
            contexts=MemoryCatalogue(self.log),
            administer_contexts=self.contexts,
            administer_cluster=memory_administration(self.cluster_nodes, lambda: self.members),
            processors=self.processors,
            topology=self.topology,
            kinds=self.kinds,
            tags_of_event=self._tags_of_event,
            snapshot_counts=self._snapshot_counts,
            node=lambda: self.facts,
            members=lambda: self.members,
            linked=lambda: self.linked,
            drains=self.drains,
            reports=NodeReports(
                lambda _: self.report, self.peers, lambda: self.members, self.clock
            ),
            request_came=lambda method: self.requests.update([method]),
            health=lambda: self.health,
            metrics=lambda: b"ranvier_node_info 1.0\n",
            measurements=lambda: self.measurements,
            access_token=lambda: None if self.access_token is None else Secret(self.access_token),
            configuration=self.configuration,
            settings=self._settings,
            token_refused=self._note_refused_token,
            clock=self.clock,
            users=self.access.parts,
            page_sessions=self.session_node.parts,
            time_ms=lambda: NOW_MS,
            new_message_id=lambda: f"minted-{next(numbers)}",
        )

    async def _tags_of_event(self, context: str, token: int) -> Sequence[Tag]:
        return sorted(self.log.context(context).events[token].tags, key=lambda tag: tag.key)

    def _settings(self) -> Settings:
        own = load_settings(self.own_settings, {}, Path(), machine="messaging1").settings
        return with_shared(own, self.applied[-1].values if self.applied else {})

    async def _snapshot_counts(self) -> Mapping[str, int]:
        return {name: len(held.snapshots) for name, held in self.log.contexts.items()}

    def _note_refused_token(self) -> None:
        self.refused_tokens += 1

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx2.AsyncClient]:
        """Yield a client whose requests go straight into the application."""
        transport = httpx2.ASGITransport(app=self.application())
        async with (
            self.access.running(),
            httpx2.AsyncClient(transport=transport, base_url="http://node") as client,
        ):
            yield client


def sent_events(text: str) -> list[tuple[str, Any]]:
    """Return the server-sent events of a stream as (name, data); comments are left out."""
    found: list[tuple[str, Any]] = []
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith(":")]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            found.append((fields.get("event", "message"), json.loads(fields["data"])))
    return found


def messages(events: Sequence[tuple[str, Any]]) -> list[Any]:
    """Return the data of the events that have no name."""
    return [data for name, data in events if name == "message"]


def is_problem(
    response: httpx2.Response, status: int, code: str, pick: Callable[[str], bool] | None = None
) -> bool:
    """Say whether a response is the refusal that was expected."""
    problem = response.json()
    return (
        response.status_code == status == problem["status"]
        and response.headers["content-type"] == "application/problem+json"
        and problem["code"] == code
        and (pick is None or pick(problem["detail"]))
    )
