"""The mesh of one node: the links that it has dialled and those by which it was dialled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.mesh.link_session import Arrivals, LinkSession
from ranvier.mesh.local_table import LocalTable
from ranvier.mesh.mesh_links import Dialling, MeshLinks, OpenRemoteHandlers
from ranvier.mesh.mesh_server import MeshServer
from ranvier.mesh.own_node import MESH_SERVICE, OwnNode
from ranvier.services.peers import LinkObserver, NodeCondition, PeerAddresses, PeerIdentity
from ranvier.services.topology import Topology
from ranvier.wire.grpc.server import GrpcServer


class Readers(Protocol):
    """Those who follow contexts on this node."""

    def reached(self, context: str, head: int) -> None:
        """Hear from another node that a context has grown to this head."""

    def hurry(self) -> None:
        """Look at the heads at once: what other nodes have told may have been lost."""


@dataclass(frozen=True, slots=True)
class MeshServices:
    """What of this node takes part in the mesh."""

    topology: Topology
    readers: Readers
    open_handlers: Sequence[OpenRemoteHandlers] = ()
    arrivals: Callable[[LocalTable, LinkSession], Arrivals] | None = None


class Mesh:
    """Starts with the node's services, keeps what `ranvier.services.peers.Peers` promises."""

    def __init__(
        self, own: OwnNode, dialling: Dialling, addresses: PeerAddresses, services: MeshServices
    ) -> None:
        self.table = LocalTable(services.topology)
        self._services = services
        self.server = MeshServer(own, self.table, self._open_arrivals)
        self.links = MeshLinks(
            own, dialling, addresses, services.readers.reached, services.open_handlers
        )
        self.server.watch(self.links.was_dialled_by)
        self.links.watch(self)

    def add_to(self, server: GrpcServer) -> None:
        """Offer the links on the internal port."""
        server.add_service(MESH_SERVICE, self.server.methods())

    async def start(self) -> None:
        """Begin to dial the other nodes; nobody is waited for."""
        await self.links.start()

    async def stop(self) -> None:
        """End the links of both sides."""
        await self.links.stop()
        self.server.close("The node is stopping.")

    def hear_conditions(self, hear: Callable[[NodeCondition], None]) -> None:
        """Hand on whatever a node tells of itself."""
        self.links.hear_condition = hear

    def withdraw(self) -> None:
        """Let the other nodes send nothing new here; what came is answered."""
        self.table.withdraw()

    # What services ask for.

    def linked_peers(self) -> Sequence[PeerIdentity]:
        """Return the nodes to which calls can be made now."""
        return self.links.linked_peers()

    def watch(self, observer: LinkObserver) -> Callable[[], None]:
        """Tell of links that come and go from now on; return what ends it."""
        return self.links.watch(observer)

    def reached(self, context: str, head: int) -> None:
        """Tell all others that a context has grown to this head; some may not hear of it."""
        self.server.reached(context, head)

    def tell_condition(self, condition: NodeCondition) -> None:
        """Tell all others, now and whoever comes later, how this node is."""
        self.server.tell_condition(condition)

    def condition_of(self, node_id: str) -> NodeCondition | None:
        """Return what a linked node has told of itself; None where it is not linked."""
        return self.links.condition_of(node_id)

    # What the links tell.

    def linked(self, peer: PeerIdentity) -> None:  # noqa: ARG002  # whoever it is
        """Look at the heads: the node may have told of events before it was linked."""
        self._services.readers.hurry()

    def lost(self, peer: PeerIdentity, reason: str) -> None:  # noqa: ARG002  # whoever it was
        """Look at the heads: what the node told last may not have come."""
        self._services.readers.hurry()

    def _open_arrivals(self, session: LinkSession) -> Arrivals:
        if self._services.arrivals is None:
            return NothingArrives()
        return self._services.arrivals(self.table, session)


class NothingArrives:
    """Takes what comes on a link of a node that handles nothing."""

    def message_received(self, message: bytes) -> None:
        """Ignore it."""

    def writable(self) -> None:
        """Do nothing."""

    def lost(self) -> None:
        """Do nothing."""
