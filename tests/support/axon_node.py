"""A node's event store and platform service in this process: real sockets, a loop of its own."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import uvloop

from ranvier.axon.command_dispatch import CommandDispatch
from ranvier.axon.command_service import CommandServices
from ranvier.axon.command_stream import HandlerSources
from ranvier.axon.context_admin import ContextAdmin
from ranvier.axon.control_stream import ControlServices
from ranvier.axon.dcb_events import DcbServices
from ranvier.axon.event_store import EventServices
from ranvier.axon.platform import Platform, PublishedNode
from ranvier.axon.processor_admin import ProcessorAdmin
from ranvier.axon.query_service import QueryServices
from ranvier.axon.register import AxonServices, add_axon_services
from ranvier.axon.request_context import admission
from ranvier.node.clocks import new_message_id
from ranvier.observability.operation import Operation
from ranvier.security.secret import Secret
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.services.administer_processors import AdministerProcessors
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_id import AppendIds
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.context_watch import ContextWatch
from ranvier.services.dispatch_commands import DispatchCommands
from ranvier.services.follow_events import FollowEvents, until_next_look
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.keep_clients import HeartbeatSettings, KeepClients
from ranvier.services.keep_snapshots import KeepSnapshots
from ranvier.services.read_events import ReadEvents
from ranvier.services.route_queries import RouteQueries
from ranvier.services.run_queries import QueryLimits
from ranvier.services.search_events import SearchEvents
from ranvier.services.source_events import SourceEvents
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.services.tag_events import TagEvents
from ranvier.services.topology import Topology
from ranvier.storage.context_catalogue import ContextCatalogue
from ranvier.storage.event_log import EventLog
from ranvier.storage.event_tags import EventTags
from ranvier.storage.keyed_snapshots import KeyedSnapshots
from ranvier.storage.processor_strategies import ProcessorStrategies
from ranvier.storage.snapshot_store import SnapshotStore
from ranvier.wire.grpc.server import GrpcServer

T = TypeVar("T")


class NodeDatabase(Protocol):
    """What a node needs of its database; `SqliteDatabase` has it."""

    @property
    def events(self) -> EventLog: ...
    @property
    def snapshots(self) -> SnapshotStore: ...
    @property
    def tags(self) -> EventTags: ...
    @property
    def keyed_snapshots(self) -> KeyedSnapshots: ...
    @property
    def contexts(self) -> ContextCatalogue: ...
    @property
    def processor_strategies(self) -> ProcessorStrategies: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


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


class AxonNode:
    """Starts at once; `address` is where clients reach it."""

    def __init__(
        self, open_database: Callable[[], NodeDatabase], settings: NodeSettings | None = None
    ) -> None:
        self.settings = settings or NodeSettings()
        self.database = open_database()
        self.port = 0
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="node")
        self._thread.start()
        self.do(self._start())

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the node's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine in the node's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Return once something is so, looked at in each pass of the node's loop."""

        async def look() -> None:
            async with asyncio.timeout(30):
                while not is_so():  # noqa: ASYNC110  # a test looks from outside; nobody tells
                    await asyncio.sleep(0)

        self.do(look())

    def until_queued(self, count: int) -> None:
        """Return once so many commands wait for permits."""
        self.until(lambda: self.commands.queued_count == count)

    def stop(self) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        await self.database.start()
        await self._create_contexts()
        events, snapshots = self.database.events, self.database.snapshots
        self.follow_events = FollowEvents(events, next_look=self.settings.next_look)
        self.append_events = AppendEvents(
            events, AppendIds(now_ms, os.urandom), self.follow_events.announce
        )
        self.keep_clients = KeepClients(time.monotonic, self.settings.heartbeats)
        self.server = GrpcServer(admit=admission(self.settings.access_token))
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
        self.processors = AdministerProcessors(
            self.keep_clients, self.instruct, self.database.processor_strategies
        )
        platform = Platform(
            lambda: PublishedNode("node-1", "node-1.example.org", 8124, 8024),
            ControlServices(self.keep_clients, self.instruct, self.topology),
            self.database.contexts,
        )
        self.contexts = AdministerContexts(self.database.contexts)
        kinds = ContextKinds(self.database.contexts)
        await kinds.start()
        self.commands = DispatchCommands(
            kinds, self.topology, Operation("axon.commands", "Commands"), time.monotonic
        )
        self.queries = RouteQueries(self.topology, self.keep_clients.tags_of, self.settings.clock)
        self.contexts.watch(self._context_watch(kinds))
        await self.contexts.start()
        context_admin = ContextAdmin(self.contexts, platform.published)
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

    async def _create_contexts(self) -> None:
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
        await self.append_events.stop()
        await self.queries.stop()
        await self.contexts.stop()
        await self.follow_events.stop()
        await self.keep_clients.stop()
        await self.commands.stop()
        await self.instruct.stop()
        await self.server.stop(5)
        await self.database.stop()
