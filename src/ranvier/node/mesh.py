"""The mesh of a node, built over its services and its place among the nodes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ranvier import __version__
from ranvier.axon.command_message import WRAPPING_BYTES
from ranvier.axon.query_request import GROWTH_BYTES
from ranvier.cluster.member import Member
from ranvier.config.host_names import is_address, is_loopback
from ranvier.config.settings import Settings
from ranvier.mesh.arrived_commands import ArrivedCommands
from ranvier.mesh.client_calls import ClientCalls
from ranvier.mesh.limits import dialling_limits, mesh_limits
from ranvier.mesh.mesh import Mesh, MeshServices
from ranvier.mesh.mesh_links import Dialling
from ranvier.mesh.own_node import OwnNode
from ranvier.mesh.proof import NONCE_BYTES
from ranvier.mesh.query_calls import QueryCalls
from ranvier.mesh.remote_commands import RemoteCommands
from ranvier.mesh.trust import Trust
from ranvier.node.services import NodeServices
from ranvier.node.wire_limits import grpc_limits
from ranvier.security.secret import Secret
from ranvier.services.announce_clients import AnnounceClients
from ranvier.services.keep_membership import KeepMembership
from ranvier.services.peers import NodeCondition, PeerAddress, PeerIdentity
from ranvier.services.tell_condition import TellCondition
from ranvier.storage.database import Database
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.tls import TlsFiles


@dataclass(frozen=True, slots=True)
class MeshParties:
    """What of a node the mesh is built over."""

    services: NodeServices
    membership: KeepMembership
    database: Database
    secret: Callable[[], Secret | None]
    """What the nodes of the cluster prove themselves with; it may become known later."""
    is_ready: Callable[[], bool]


class NodeMesh:
    """The links of a node, and what it tells on them of itself."""

    def __init__(self, settings: Settings, parties: MeshParties, tls: TlsFiles | None) -> None:
        self._parties = parties
        self._tags = settings.tags
        self._membership = membership = parties.membership
        self.limits = mesh_limits(grpc_limits(settings.limits))
        """Of the internal port."""
        services = parties.services
        commands = services.commands
        client_bytes = settings.limits.message_bytes
        self._queries = QueryCalls(services.queries, client_bytes - GROWTH_BYTES)
        self._clients = ClientCalls(
            AnnounceClients(services.clients), services.cluster_clients, services.instruct
        )
        self.mesh = Mesh(
            OwnNode(
                self._identity,
                Trust(parties.secret, is_loopback(settings.internal_bind)),
                __version__,
                lambda: os.urandom(NONCE_BYTES),
            ),
            Dialling(dialling_limits(grpc_limits(settings.limits)), tls),
            MembersToDial(membership),
            MeshServices(
                services.topology,
                services.follow,
                (
                    lambda link: RemoteCommands(commands, link, time.monotonic),
                    self._queries.open_handlers,
                    self._clients.open_clients,
                ),
                lambda table, session: ArrivedCommands(
                    commands, table, session, client_bytes - WRAPPING_BYTES
                ),
            ),
        )
        self.mesh.hear_conditions(self._heard)
        self._condition = TellCondition(self.mesh, self._look)
        services.tell_growth(self.mesh.reached)

    def add_to(self, server: GrpcServer) -> None:
        """Offer links, and what goes beside them, on the internal port."""
        self.mesh.add_to(server)
        self._queries.add_to(self.mesh.server, server)
        self._clients.add_to(self.mesh.server, server)

    async def start(self) -> None:
        """Dial the other nodes, and give those that answer at once the time to say who they are."""
        await self._condition.start()
        await self.mesh.start()
        await self.mesh.links.settle()

    async def stop(self) -> None:
        """End all links; stopping twice is allowed."""
        await self._condition.stop()
        await self.mesh.stop()

    def tell_condition(self) -> None:
        """Tell the other nodes at once how this one is."""
        self._condition.tell()

    def _identity(self) -> PeerIdentity:
        own = self._membership.own
        return PeerIdentity(own.node_id, own.name, own.incarnation)

    def _look(self) -> NodeCondition:
        lacks = tuple(sorted(self.mesh.links.lacking()))
        self._membership.set_lacks(lacks)
        return NodeCondition(
            timeline=self._parties.database.timeline,
            system_identifier=self._parties.database.system_identifier,
            lacks=lacks,
            is_ready=self._parties.is_ready(),
            client_count=self._parties.services.clients.count,
            tags=self._tags,
        )

    def _heard(self, condition: NodeCondition) -> None:
        database = self._parties.database
        database.hear_of_timeline(condition.system_identifier, condition.timeline)


class MembersToDial:
    """The other nodes that run, with the places at which they may be dialled."""

    def __init__(self, membership: KeepMembership) -> None:
        self._membership = membership

    def running_peers(self) -> Sequence[PeerAddress]:
        """Return those whose internal port is known."""
        peers = self._membership.running_peers()
        return tuple(address_of(peer) for peer in peers if peer.internal_port)

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call back after each change; return what ends it."""
        return self._membership.watch(observer)


def address_of(peer: Member) -> PeerAddress:
    """Return where a node takes the calls of nodes.

    One that listens on its own machine alone is there for others on it, whatever its name leads to.
    """
    on_machine = peer.ip if is_loopback(peer.ip) and not is_address(peer.internal_host) else ""
    return PeerAddress(peer.node_id, peer.name, peer.internal_host, peer.internal_port, on_machine)
