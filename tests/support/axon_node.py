"""A node's event store and platform service in this process: real sockets, a loop of its own."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import grpc
import uvloop

from ranvier.axon.command_dispatch import CommandDispatch
from ranvier.axon.command_message import WRAPPING_BYTES
from ranvier.axon.command_service import CommandServices
from ranvier.axon.command_stream import HandlerSources
from ranvier.axon.context_admin import ContextAdmin
from ranvier.axon.control_stream import ControlServices
from ranvier.axon.dcb_events import DcbServices
from ranvier.axon.event_store import EventServices
from ranvier.axon.platform import Platform, PublishedNode
from ranvier.axon.processor_admin import ProcessorAdmin
from ranvier.axon.query_request import GROWTH_BYTES
from ranvier.axon.query_service import QueryServices
from ranvier.axon.register import AxonServices, add_axon_services
from ranvier.axon.request_context import admission
from ranvier.mesh.arrived_commands import ArrivedCommands
from ranvier.mesh.client_calls import ClientCalls
from ranvier.mesh.limits import dialling_limits, mesh_limits
from ranvier.mesh.mesh import Mesh, MeshServices
from ranvier.mesh.mesh_links import Dialling
from ranvier.mesh.own_node import OwnNode
from ranvier.mesh.query_calls import QueryCalls
from ranvier.mesh.remote_commands import RemoteCommands
from ranvier.mesh.trust import Trust
from ranvier.node.clocks import new_message_id
from ranvier.observability.operation import Operation
from ranvier.security.secret import Secret
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.services.administer_processors import AdministerProcessors
from ranvier.services.announce_clients import AnnounceClients
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_id import AppendIds
from ranvier.services.cluster_clients import ClusterClients, RemoteClient
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.context_watch import ContextWatch
from ranvier.services.dispatch_across_nodes import DispatchAcrossNodes
from ranvier.services.follow_events import FollowEvents, until_next_look
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.keep_clients import HeartbeatSettings, KeepClients
from ranvier.services.keep_snapshots import KeepSnapshots
from ranvier.services.peers import PeerAddress, PeerIdentity
from ranvier.services.read_events import ReadEvents
from ranvier.services.route_queries import RouteQueries
from ranvier.services.run_queries import QueryLimits
from ranvier.services.search_events import SearchEvents
from ranvier.services.source_events import SourceEvents
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.services.tag_events import TagEvents
from ranvier.services.topology import Topology
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.server import GrpcServer
from tests.support.mesh_nodes import Roster
from tests.support.node_needs import NodeDatabase
from tests.support.split_channel import SplitChannel, connected

T = TypeVar("T")
LOOK_SECONDS = 50
"""Bounds a failure."""


def now_ms() -> int:
    """Return Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass
class NodeSettings:
    """How a node of a test differs from an ordinary one."""

    access_token: Secret | None = None
    heartbeats: HeartbeatSettings = field(default_factory=HeartbeatSettings)
    next_look: Callable[[], Awaitable[None]] = until_next_look
    contexts: tuple[str, ...] = ("default",)
    query_limits: QueryLimits = field(default_factory=QueryLimits)
    clock: Callable[[], float] = time.monotonic
    """Of queries."""
    result_seconds: float = 30.0
    message_bytes: tuple[int, int] = (4 * 1024 * 1024, 4 * 1024 * 1024)
    """The longest message of a client of the first node, and of one of the others."""


class AxonNode:
    """Starts at once; `address` is where clients reach it.

    With `seats` it has others beside it, in its loop and on its database, all linked. Callers then
    come to this one, handlers to the others.
    """

    def __init__(
        self,
        open_database: Callable[[], NodeDatabase],
        settings: NodeSettings | None = None,
        seats: int = 1,
        beside: AxonNode | None = None,
    ) -> None:
        self.settings = settings or NodeSettings()
        self.port = 0
        self.others: list[AxonNode] = []
        self._beside = beside
        if beside is None:
            self.name = "node-1"
            self.roster = Roster()
            self.database = open_database()
            self._loop = uvloop.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="node")
            self._thread.start()
        else:
            self.name = f"node-{len(beside.others) + 2}"
            self.roster = beside.roster
            self.database = beside.database
            self._loop = beside._loop
        self.do(self._start(has_mesh=seats > 1))
        if beside is None:
            for _ in range(1, seats):
                self.others.append(AxonNode(open_database, settings, seats, self))
            self.until(self.is_linked)

    @property
    def of_handlers(self) -> list[AxonNode]:
        """Where clients that offer something are connected."""
        return self.others or [self]

    def channel(self) -> grpc.Channel:
        """Return what stubs call: callers reach this node, handlers by turns the others."""
        if not self.others:
            return connected(self.address)
        addresses = [each.address for each in self.others]
        split: Any = SplitChannel(self.address, addresses, self.settle)
        channel: grpc.Channel = split
        return channel

    def settle(self) -> None:
        """Return once this node knows what the others have."""
        self.until(self.knows_the_others)

    def is_linked(self) -> bool:
        """Tell whether each node has a link to each other one."""
        nodes = (self, *self.others)
        return all(len(each.mesh.linked_peers()) == len(self.others) for each in nodes)

    def knows_the_others(self) -> bool:
        """Tell whether every handler of the others is known here as it is there."""
        here = {each for each in self.topology.registrations() if each.node}
        there = {
            replace(each, node=node.name)
            for node in self.others
            for each in node.topology.registrations()
            if not each.node
        }
        return here == there and self._clients_here() == self._clients_there()

    def _clients_here(self) -> Counter[Hashable]:
        remote = [each for each in self.cluster_clients.clients() if isinstance(each, RemoteClient)]
        return Counter((each.identity.client_id, each.processors) for each in remote)

    def _clients_there(self) -> Counter[Hashable]:
        return Counter(
            (each.identity.client_id, tuple(node.keep_clients.processors_of(each)))
            for node in self.others
            for each in node.keep_clients.clients()
        )

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the node's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * LOOK_SECONDS)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine in the node's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Return once something is so, looked at in each pass of the node's loop."""

        async def look() -> None:
            async with asyncio.timeout(LOOK_SECONDS):
                while not is_so():  # noqa: ASYNC110  # a test looks from outside; nobody tells
                    await asyncio.sleep(0)

        self.do(look())

    @property
    def queued_queries(self) -> int:
        """Queries that wait for permits, at whatever node."""
        nodes = (self, *self.others)
        return sum(sum(each.queries.dispatch.queued_counts().values()) for each in nodes)

    @property
    def handler_streams(self) -> int:
        """Streams of query handlers, at whatever node."""
        return sum(len(each.queries.handlers.streams()) for each in (self, *self.others))

    @property
    def running_queries(self) -> int:
        """Queries that have not ended, each counted where it is asked and where it is served."""
        return sum(each.queries.dispatch.running_count for each in (self, *self.others))

    async def stop_queries(self) -> None:
        """Stop what routes queries, on all nodes."""
        await asyncio.gather(*(each.queries.stop() for each in (self, *self.others)))

    def until_queued(self, count: int) -> None:
        """Return once so many commands wait for permits."""
        nodes = (self, *self.others)
        self.until(lambda: sum(each.commands.queued_count for each in nodes) == count)

    @property
    def stray_answers(self) -> int:
        """Answers of command handlers that nobody waited for, at whatever node."""
        return sum(each.commands.stray_answers for each in (self, *self.others))

    async def stop_commands(self) -> None:
        """Stop what routes commands, on all nodes."""
        await asyncio.gather(*(each.commands.stop() for each in (self, *self.others)))

    def stop(self) -> None:
        for node in self.others:
            node.do(node._stop())
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self, *, has_mesh: bool) -> None:
        await self._open_database()
        events, snapshots = self.database.events, self.database.snapshots
        self.follow_events = FollowEvents(events, next_look=self.settings.next_look)
        self.append_events = AppendEvents(
            events, AppendIds(now_ms, os.urandom), self.follow_events.announce
        )
        self.keep_clients = KeepClients(time.monotonic, self.settings.heartbeats)
        self.server = GrpcServer(self._client_limits(), admit=admission(self.settings.access_token))
        self.event_services = EventServices(
            self.append_events,
            self.follow_events,
            ReadEvents(events, snapshots),
            StoreSnapshots(snapshots),
            SearchEvents(events, snapshots),
            now_ms,
            query_limits=self.settings.query_limits,
        )
        source_events = SourceEvents(events)
        dcb_services = DcbServices(
            self.append_events,
            self.follow_events,
            self.event_services.read_events,
            source_events,
            TagEvents(self.database.tags),
            KeepSnapshots(self.database.keyed_snapshots, source_events),
        )
        self.topology = Topology()
        self.instruct = InstructClients(new_message_id, self.settings.result_seconds)
        self.cluster_clients = ClusterClients(self.keep_clients)
        self.processors = AdministerProcessors(
            self.cluster_clients, self.instruct, self.database.processor_strategies
        )
        platform = Platform(
            lambda: PublishedNode("node-1", "node-1.example.org", 8124, 8024),
            ControlServices(self.keep_clients, self.instruct, self.topology),
            self.database.contexts,
        )
        self.contexts = AdministerContexts(self.database.contexts)
        kinds = ContextKinds(self.database.contexts)
        await kinds.start()
        self.commands = DispatchAcrossNodes(
            kinds, self.topology, Operation("axon.commands", "Commands"), time.monotonic
        )
        self.queries = RouteQueries(self.topology, self.keep_clients.tags_of, self.settings.clock)
        self.contexts.watch(self._context_watch(kinds))
        await self.contexts.start()
        context_admin = ContextAdmin(self.contexts, lambda: [("node-1", "node-1.example.org")])
        commands = CommandServices(
            HandlerSources(self.commands, self.keep_clients.tags_of, new_message_id),
            CommandDispatch(self.commands, new_message_id),
        )
        add_axon_services(
            self.server,
            AxonServices(
                self.event_services,
                dcb_services,
                platform,
                context_admin=context_admin,
                commands=commands,
                queries=QueryServices(self.queries, kinds),
                processor_admin=ProcessorAdmin(self.processors),
            ),
        )
        await self.follow_events.start()
        await self.keep_clients.start()
        await self.queries.start()
        await self.processors.start()
        self.port = await self.server.listen("127.0.0.1", 0)
        await self._join(has_mesh=has_mesh)

    async def _join(self, *, has_mesh: bool) -> None:
        """Link this node to those that have come before it."""
        limits_of_clients, client_bytes = self._client_limits(), self._message_bytes()
        limits = mesh_limits(limits_of_clients)
        identity = PeerIdentity(f"id-{self.name}", self.name, 1)
        own = OwnNode(
            lambda: identity,
            Trust(lambda: None, is_on_loopback=True),
            "1.0",
            lambda: os.urandom(32),
        )
        queries = QueryCalls(self.queries, client_bytes - GROWTH_BYTES)
        announce = AnnounceClients(self.keep_clients)
        clients = ClientCalls(announce, self.cluster_clients, self.instruct)
        services = MeshServices(
            self.topology,
            self.follow_events,
            (
                lambda link: RemoteCommands(self.commands, link, time.monotonic),
                queries.open_handlers,
                clients.open_clients,
            ),
            lambda table, session: ArrivedCommands(
                self.commands, table, session, client_bytes - WRAPPING_BYTES
            ),
        )
        self.mesh = Mesh(own, Dialling(dialling_limits(limits_of_clients)), self.roster, services)
        self.internal = GrpcServer(limits, admit=self.mesh.server.admission(None))
        self.mesh.add_to(self.internal)
        queries.add_to(self.mesh.server, self.internal)
        clients.add_to(self.mesh.server, self.internal)
        if has_mesh:
            port = await self.internal.listen("127.0.0.1", 0)
            self.roster.enter(PeerAddress(identity.node_id, self.name, "127.0.0.1", port))
            await self.mesh.start()

    def _message_bytes(self) -> int:
        return self.settings.message_bytes[0 if self._beside is None else 1]

    def _client_limits(self) -> GrpcLimits:
        size = self._message_bytes()
        return GrpcLimits(message_bytes_in=size, message_bytes_out=size)

    async def _open_database(self) -> None:
        if self._beside is not None:
            return
        await self.database.start()
        names = await self.database.contexts.names()
        for name in self.settings.contexts:
            if name not in names:
                await self.database.contexts.create(name)

    def _context_watch(self, kinds: ContextKinds) -> ContextWatch:
        ends = (
            self.follow_events.end_context,
            self.keep_clients.end_context,
            self.commands.end_context,
            self.queries.end_context,
            self.processors.end_context,
        )
        return ContextWatch(kinds, ends)

    async def _stop(self) -> None:
        self.roster.leave(f"id-{self.name}")
        await self.append_events.stop()
        await self.queries.stop()
        await self.contexts.stop()
        await self.follow_events.stop()
        await self.keep_clients.stop()
        await self.commands.stop()
        await self.instruct.stop()
        await self.server.stop(5)
        await self.mesh.stop()
        await self.internal.stop(0)
        if self._beside is None:
            await self.database.stop()
