"""The use cases of a node, built over its database."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from functools import partial

from ranvier.axon.command_dispatch import CommandDispatch
from ranvier.axon.command_service import CommandServices
from ranvier.axon.command_stream import HandlerSources
from ranvier.axon.context_admin import ContextAdmin
from ranvier.axon.control_stream import ControlServices
from ranvier.axon.dcb_events import DcbServices
from ranvier.axon.event_store import EventServices
from ranvier.axon.platform import Platform
from ranvier.axon.processor_admin import ProcessorAdmin
from ranvier.axon.query_service import QueryServices
from ranvier.axon.register import AxonServices
from ranvier.config.settings import Settings
from ranvier.events.event import NewEvent
from ranvier.node.balanced_processors import balanced_processors
from ranvier.node.clocks import boot_seconds, new_message_id, unix_ms
from ranvier.node.kept_streams import kept_streams
from ranvier.node.membership import serving_nodes
from ranvier.node.node_id import kept_node_id
from ranvier.node.routed_commands import routed_commands
from ranvier.node.routed_queries import routed_queries
from ranvier.node.scheduled_events import scheduled_events
from ranvier.observability.metrics import Metrics
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.services.administer_processors import AdministerProcessors
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_id import AppendIds
from ranvier.services.cluster_clients import ClusterClients
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.context_watch import ContextWatch
from ranvier.services.follow_events import FollowEvents
from ranvier.services.hold_leases import HoldLeases, LeaseSources
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.keep_clients import HeartbeatSettings
from ranvier.services.keep_membership import KeepMembership
from ranvier.services.metered import MeteredClients, MeteredReads, MeteredSnapshots
from ranvier.services.metered_dcb import MeteredKeyedSnapshots, MeteredSources
from ranvier.services.run_queries import QueryLimits
from ranvier.services.search_events import SearchEvents
from ranvier.services.service import Service
from ranvier.services.tag_events import TagEvents
from ranvier.services.topology import Topology
from ranvier.storage.database import Database


class NodeServices:
    """Every service once; started in order and stopped in reverse."""

    def __init__(self, database: Database, settings: Settings, metrics: Metrics) -> None:
        events, snapshots = database.events, database.snapshots
        node_id = partial(kept_node_id, settings.data)
        self.leases = HoldLeases(
            database.leases, LeaseSources(node_id, boot_seconds, new_message_id)
        )
        self.follow = FollowEvents(events)
        self._events = events
        self._last_tokens: dict[str, int] = {}
        self._told_growth: Callable[[str, int], None] = lambda *_: None
        metrics.watch_by_context(
            "axon.event.lastToken", "Token of the last event", lambda: self._last_tokens
        )
        self.append = AppendEvents(events, AppendIds(unix_ms, os.urandom), self._announce)
        self.append.count_with(metrics.events_append)
        self.read = MeteredReads(events, snapshots, metrics.aggregate_read)
        self.snapshots = MeteredSnapshots(
            snapshots, metrics.snapshots_append, metrics.snapshots_read
        )
        self.kinds = ContextKinds(database.contexts)
        self.clients = MeteredClients(
            time.monotonic, heartbeats(settings), metrics.connects, metrics.disconnects
        )
        metrics.watch(
            "axon.applications.connected.count",
            "Applications that hold a control stream",
            lambda: self.clients.count,
        )
        self.for_events = EventServices(
            self.append,
            self.follow,
            self.read,
            self.snapshots,
            SearchEvents(events, snapshots),
            unix_ms,
            metrics.events_sent.add,
            QueryLimits(settings.query.limit, settings.query.timeout_seconds),
        )
        self.source = MeteredSources(events, metrics.sources)
        self.tags = TagEvents(database.tags)
        self.keyed_snapshots = MeteredKeyedSnapshots(
            database.keyed_snapshots,
            self.source,
            metrics.snapshots_append,
            metrics.snapshots_read,
        )
        self.for_dcb_events = DcbServices(
            self.append,
            self.follow,
            self.read,
            self.source,
            self.tags,
            self.keyed_snapshots,
            metrics.events_sent.add,
        )
        self.topology = Topology()
        self.commands = routed_commands(self.kinds, self.topology, metrics)
        self.queries = routed_queries(self.topology, self.clients, metrics)
        self.instruct = InstructClients(new_message_id)
        self.cluster_clients = ClusterClients(self.clients)
        self.processors = AdministerProcessors(
            self.cluster_clients, self.instruct, database.processor_strategies
        )
        self.contexts = AdministerContexts(database.contexts)
        self.schedule = scheduled_events(database, self.append, self.leases, node_id, metrics)
        self.streams, self.for_streams = kept_streams(
            database, self.leases, self.follow, self.kinds, metrics
        )
        self._watch_contexts()
        self._in_order = self._ordered()

    def _ordered(self) -> Sequence[Service]:
        """Return every service, each after those that it needs."""
        return (
            self.leases,
            self.kinds,
            self.contexts,
            self.follow,
            self.snapshots,
            self.tags,
            self.keyed_snapshots,
            self.append,
            self.schedule,
            self.streams,
            self.instruct,
            self.clients,
            self.commands,
            self.queries,
            self.processors,
            balanced_processors(self.processors, self.leases),
        )

    def _watch_contexts(self) -> None:
        """Let what is kept of a context end with it."""
        self.contexts.watch(
            ContextWatch(
                self.kinds,
                (
                    self.follow.end_context,
                    self.clients.end_context,
                    self.commands.end_context,
                    self.queries.end_context,
                    self.streams.end_context,
                    self.processors.end_context,
                    lambda context: forget(self._last_tokens, context),
                ),
            )
        )

    @property
    def for_control(self) -> ControlServices:
        """What control streams work with."""
        return ControlServices(self.clients, self.instruct, self.topology)

    def for_axon(self, platform: Platform, members: KeepMembership) -> AxonServices:
        """Return what the Axon API calls."""
        commands = CommandServices(
            HandlerSources(self.commands, self.clients.tags_of, new_message_id),
            CommandDispatch(self.commands, new_message_id),
        )
        return AxonServices(
            self.for_events,
            self.for_dcb_events,
            platform,
            self.schedule,
            ContextAdmin(self.contexts, partial(serving_nodes, members)),
            commands,
            persistent_streams=self.for_streams,
            queries=QueryServices(self.queries, self.kinds),
            processor_admin=ProcessorAdmin(self.processors),
        )

    def _announce(self, context: str, first_token: int, events: Sequence[NewEvent]) -> None:
        """Remember how far a context has come, then wake its readers."""
        head = first_token + len(events)
        self._last_tokens[context] = head - 1
        self.follow.announce(context, first_token, events)
        self._told_growth(context, head)

    def tell_growth(self, told: Callable[[str, int], None]) -> None:
        """Tell other nodes, too, which head a context has reached whenever it grows here."""
        self._told_growth = told

    async def start(self) -> None:
        """Start every service; when one cannot, its error is raised and `stop` ends the others."""
        heads = await self._events.heads()
        self._last_tokens.update({context: head - 1 for context, head in heads.items()})
        for service in self._in_order:
            await service.start()

    async def end_streams(self) -> None:
        """End what would go on for ever: streams of handlers, control streams, readers."""
        # Both give their handlers a moment; one after the other they would take twice as long.
        await asyncio.gather(self.queries.stop(), self.commands.stop())
        await self.contexts.stop()
        await self.instruct.stop()
        await self.clients.stop()
        await self.streams.stop()
        await self.follow.stop()

    async def stop(self) -> None:
        """Finish what was accepted; stopping twice is allowed."""
        for service in reversed(self._in_order):
            await service.stop()


def forget(figures: dict[str, int], context: str) -> None:
    """Show no figure of a context that was deleted."""
    figures.pop(context, None)


def heartbeats(settings: Settings) -> HeartbeatSettings:
    """Return what the settings say of heartbeats to clients."""
    return HeartbeatSettings(
        is_enabled=settings.heartbeat.enabled,
        interval_seconds=settings.heartbeat.interval_seconds,
        timeout_seconds=settings.heartbeat.timeout_seconds,
    )
