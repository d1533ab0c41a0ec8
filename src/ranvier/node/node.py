"""One node: everything built, started in order, stopped in reverse."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial

from ranvier import __version__
from ranvier.axon.event_store import run_queries
from ranvier.axon.kind_guard import kind_guard
from ranvier.axon.lasting_calls import draining_guard
from ranvier.axon.platform import Platform, PublishedNode
from ranvier.axon.register import add_axon_services
from ranvier.axon.request_context import DEFAULT_CONTEXT, admission, live_admission
from ranvier.cluster.member import Member
from ranvier.config.settings import Settings
from ranvier.events.errors import ContextExists
from ranvier.mesh.join_server import JOIN_SERVICE, open_to_joiners
from ranvier.mesh.stream_owners import MeshStreamOwners, offer_streams
from ranvier.node.client_placing import PlacingParties, client_placing, draining, other_node
from ranvier.node.clocks import new_message_id, unix_ms
from ranvier.node.data_directory import DataDirectory
from ranvier.node.databases import open_database
from ranvier.node.errors import PortUnavailable
from ranvier.node.first_start import set_up_node
from ranvier.node.former_life import FormerLife
from ranvier.node.health import NodeHealth
from ranvier.node.joining import JoiningParts, administer_cluster, join_server, leave_cluster
from ranvier.node.life import NodeLife
from ranvier.node.membership import membership, separation, show_members
from ranvier.node.mesh import MeshParties, NodeMesh
from ranvier.node.node_reports import NodeReporting, ReportParties
from ranvier.node.own_cluster import own_cluster
from ranvier.node.ready_line import BoundPorts
from ranvier.node.services import NodeServices
from ranvier.node.sessions import NodeSessions
from ranvier.node.shared_settings import (
    SharedSettings,
    share_configuration,
    take_heartbeats,
    take_query_limits,
)
from ranvier.node.tls_files import client_tls, internal_tls
from ranvier.node.users import NodeUsers
from ranvier.node.web_ports import WebPorts
from ranvier.node.wire_limits import grpc_limits
from ranvier.observability.metrics import Metrics
from ranvier.web.dependencies import NodeFacts, WebDependencies
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.tls import TlsFiles

logger = logging.getLogger("ranvier.node")

FAREWELL_SECONDS = 0.5
"""Of the grace, what is kept for the services and the database after the last call."""

ANY_CONTEXT = "(any)"
"""The label of what is counted before a context is known; no context can have this name."""


class Node:
    """A node between `start` and `stop`; `ports` are known once it has started."""

    def __init__(self, settings: Settings, life: NodeLife | None = None) -> None:
        """`life` is told when the node is to start again, in a cluster or alone."""
        self._shared = SharedSettings(settings)
        settings = self._settings = self._shared.current
        self._started_at = time.monotonic()
        self._data_directory = DataDirectory(settings)
        self._database = open_database(settings)
        self._metrics = Metrics(settings.name, __version__)
        self._metrics.watch(
            "ranvier.database.oldest.read.seconds",
            "Age of the oldest view of the database that a reader holds",
            self._database.oldest_read_seconds,
        )
        self._cluster = own_cluster(self._database, settings)
        self._services = NodeServices(self._database, settings, self._metrics)
        life_before = FormerLife(settings.data, lambda: self._data_directory.lock_place)
        self._membership = membership(self._database, settings, life_before)
        show_members(self._membership, self._metrics)
        self._let_people_in(settings)
        self._membership.watch_return(self._services.follow.hurry)
        self._separation = separation(self._membership, self._services.clients)
        self._health = NodeHealth(self._database, self._membership, self._separation)
        self._configuration = share_configuration(self._database, self._shared, self._membership)
        self._shared.hand_to(partial(take_heartbeats, self._services.clients))
        self._shared.hand_to(partial(take_query_limits, self._services.for_events))
        is_kind = kind_guard(self._services.kinds)
        is_open = draining_guard(lambda: self._draining.is_refusing)
        self._grpc = GrpcServer(
            grpc_limits(settings.limits),
            admit=live_admission(lambda: self._shared.required_token),
            guard_of=lambda path: is_open(path) or is_kind(path),
        )
        self._mesh = NodeMesh(settings, self._mesh_parties(), internal_tls(settings))
        parties = PlacingParties(
            self._membership, self._services, self._mesh.mesh.condition_of, self._health.is_ready
        )
        self._draining = draining(self._grpc, parties, self._separation)
        self._health.is_draining = lambda: self._draining.is_draining
        self._placing = client_placing(settings, parties)
        others = open_to_joiners(admission(settings.cluster_secret))
        self._internal = GrpcServer(
            self._mesh.limits, admit=self._mesh.mesh.server.admission(others)
        )
        self._mesh.add_to(self._internal)
        self._reporting = self._offer_reports()
        self._let_nodes_join(settings, life)
        self._services.for_streams.relay_to(MeshStreamOwners(self._mesh.mesh.links))
        offer_streams(
            self._mesh.mesh.server,
            self._internal,
            self._services.for_streams.methods_for_nodes(),
        )
        self._web = WebPorts(settings, self._web_dependencies())
        self.ports = BoundPorts(http=0, grpc=0, internal=0)
        platform = Platform(
            self._published,
            self._services.for_control,
            self._database.contexts,
            other_node(self._placing),
        )
        add_axon_services(self._grpc, self._services.for_axon(platform, self._membership))

    def _let_people_in(self, settings: Settings) -> None:
        """Build what people sign in with, and what keeps their sessions."""
        self._sessions = NodeSessions(
            self._database.sessions, settings, self._membership, self._services.leases
        )
        self._sessions.show(self._metrics)
        self._users = NodeUsers(
            self._database,
            self._sessions.keep.end_all_of,
            lambda: self._shared.current.access_control,
        )
        self._users.show(self._metrics)
        self._shared.hand_to(self._sessions.take_limits)
        self._shared.hand_to(self._users.take)

    def _let_nodes_join(self, settings: Settings, life: NodeLife | None) -> None:
        """Build what lets nodes into the cluster, this one included, and out of it."""
        joining = JoiningParts(settings, self._database, self._cluster, self._membership, life)
        self._leave = leave_cluster(joining)
        self._administer_cluster = administer_cluster(joining, self._leave, internal_tls(settings))
        self._set_up = set_up_node(self._database.contexts, settings, self._administer_cluster)
        self._internal.add_service(JOIN_SERVICE, join_server(joining).methods())

    async def start(self) -> None:
        """Open the database, start the services, then the listeners; ready when it returns."""
        self._data_directory.acquire()
        try:
            await self._database.start()
        except BaseException:
            self._data_directory.release()
            raise
        try:
            await self._cluster.start()
            await self._set_up.begin()
            await self._make_default_context()
            await self._membership.start()
            await self._services.start()
            await self._configuration.start()
            await self._reporting.start()
            await self._sessions.start()
            await self._users.start()
            await self._listen()
            await self._membership.run_at(self._bound())
            await self._mesh.start()
            await self._separation.start()
            await self._leave.start()
            await self._draining.start()
            await self._placing.start()
            await self._set_up.start()
        except BaseException:
            await self.stop()
            raise
        self._health.is_serving = True
        self._mesh.tell_condition()
        for server in (self._grpc, self._internal):
            server.health.set("", serving=True)
        logger.info("The node is ready.", extra={"action": "node.ready"})

    async def stop(self) -> None:
        """Refuse new work, let running calls end within the grace, commit, close."""
        self._health.is_serving = False
        await self._set_up.stop()
        await self._leave.stop()
        grace = max(0.0, self._settings.shutdown_grace_seconds - FAREWELL_SECONDS)
        await self._placing.stop()
        await self._draining.leave(grace)
        await self._draining.stop()
        self._grpc.send_away()
        self._mesh.mesh.withdraw()
        await self._services.end_streams()
        await self._mesh.stop()
        await asyncio.gather(
            self._grpc.stop(grace), self._internal.stop(grace), self._web.stop(grace)
        )
        await self._reporting.stop()
        await self._configuration.stop()
        await self._users.stop()
        await self._sessions.stop()
        await self._services.stop()
        await self._separation.stop()
        await self._membership.stop()
        await self._leave.finish()
        await self._database.stop()
        self._data_directory.release()
        logger.info("The node has stopped.", extra={"action": "node.stopped"})

    def offered_paths(self) -> frozenset[str]:
        """Return the full name of every method that clients are offered."""
        return self._grpc.paths()

    async def _make_default_context(self) -> None:
        contexts = self._database.contexts
        if DEFAULT_CONTEXT not in await contexts.names():
            # Of nodes that start together on an empty database, another one may be first.
            with suppress(ContextExists):
                await contexts.create(DEFAULT_CONTEXT, dcb=self._settings.default_context_dcb)

    async def _listen(self) -> None:
        settings = self._settings
        await self._web.listen()
        internal = await listen(
            self._internal,
            ("internal_port", settings.internal_bind, settings.internal_port),
            internal_tls(settings),
        )
        grpc = await listen(
            self._grpc, ("grpc_port", settings.bind, settings.grpc_port), client_tls(settings)
        )
        self.ports = BoundPorts(self._web.http, grpc, internal, self._web.ajp)

    def _web_dependencies(self) -> WebDependencies:
        settings, services = self._settings, self._services
        return WebDependencies(
            append=services.append,
            follow=services.follow,
            read=services.read,
            source=services.source,
            snapshots=services.snapshots,
            commands=services.commands,
            queries=run_queries(services.for_events),
            route_queries=services.queries,
            clients=services.clients,
            cluster_clients=services.cluster_clients,
            event_log=self._database.events,
            contexts=self._database.contexts,
            administer_contexts=services.contexts,
            administer_cluster=self._administer_cluster,
            processors=services.processors,
            topology=services.topology,
            kinds=services.kinds,
            tags_of_event=services.tags.of_event,
            snapshot_counts=self._database.snapshots.counts,
            node=self._facts,
            members=self._membership.members,
            linked=lambda: {each.node_id for each in self._mesh.mesh.linked_peers()},
            drains=self._draining,
            reports=self._reporting.reports,
            request_came=self._metrics.http_requests.add,
            health=self._health.parts,
            metrics=self._metrics.exposition,
            measurements=self._metrics.measurements,
            access_token=lambda: self._shared.required_token,
            configuration=self._configuration,
            settings=lambda: self._shared.current,
            token_refused=lambda: self._metrics.authentication_errors.add(ANY_CONTEXT),
            clock=time.monotonic,
            users=self._users.parts,
            page_sessions=self._sessions.parts(lambda: self._draining.is_refusing),
            time_ms=unix_ms,
            new_message_id=new_message_id,
            message_bytes=settings.limits.message_bytes,
        )

    def _offer_reports(self) -> NodeReporting:
        parties = ReportParties(
            self._services,
            self._membership,
            self._health,
            self._metrics,
            self._sessions.keep.counts,
        )
        reporting = NodeReporting(parties, self._mesh)
        reporting.add_to(self._internal)
        return reporting

    def _mesh_parties(self) -> MeshParties:
        return MeshParties(
            self._services,
            self._membership,
            self._database,
            self._cluster.secret,
            self._health.is_ready,
        )

    def _bound(self) -> Member:
        """Return this node at the ports that are bound now."""
        return replace(
            self._membership.own,
            http_port=self.ports.http,
            grpc_port=self.ports.grpc,
            internal_port=self.ports.internal,
            ajp_port=self.ports.ajp,
        )

    def _facts(self) -> NodeFacts:
        settings = self._settings
        return NodeFacts(
            name=settings.name,
            host_name=settings.advertised_host,
            internal_host_name=settings.advertised_internal_host,
            http_port=self.ports.http,
            grpc_port=self.ports.grpc,
            internal_port=self.ports.internal,
            is_tls=settings.tls.enabled,
            is_clustered=self._database.cluster_nodes.is_shared,
            started_at=self._started_at,
        )

    def _published(self) -> PublishedNode:
        settings = self._settings
        return PublishedNode(
            name=settings.name,
            host_name=settings.advertised_host,
            grpc_port=self.ports.grpc,
            http_port=self.ports.http,
        )


async def listen(server: GrpcServer, place: tuple[str, str, int], tls: TlsFiles | None) -> int:
    """Let a server listen at `place` (key, host, port); return the port that was bound."""
    key, host, port = place
    try:
        return await server.listen(host, port, tls)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise PortUnavailable(key, host, port, reason) from problem
