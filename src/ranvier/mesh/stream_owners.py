"""Calls about persistent streams from the nodes whose clients make them to those that own them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ranvier.mesh.mesh_links import MeshLinks
from ranvier.mesh.mesh_server import MeshServer
from ranvier.mesh.own_node import MESH_PREFIX
from ranvier.wire.grpc.methods import Method
from ranvier.wire.grpc.outgoing_call import AnswerListener, OutgoingCall
from ranvier.wire.grpc.server import GrpcServer

STREAMS: Final = "PersistentStream"
"""What the names of these calls begin with; their messages are those of the Axon API."""


class MeshStreamOwners:
    """The other nodes, as those that own streams."""

    def __init__(self, links: MeshLinks) -> None:
        self._links = links

    def open(
        self, node_id: str, method: str, context: str, listener: AnswerListener
    ) -> OutgoingCall | None:
        """Make a call to a node; None where there is no link to it."""
        link = self._links.link_to(node_id)
        if link is None or not link.channel.has_room:
            return None
        metadata = {"axoniq-context": context}
        return link.channel.open(f"{MESH_PREFIX}{STREAMS}{method}", listener, metadata=metadata)


def offer_streams(mesh: MeshServer, server: GrpcServer, methods: Mapping[str, Method]) -> None:
    """Let other nodes make these calls, by their names in the Axon API."""
    for name, method in methods.items():
        mesh.add(server, f"{STREAMS}{name}", method)
