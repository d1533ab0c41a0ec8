"""Clients and their event processors between this node and all others."""

from __future__ import annotations

from ranvier.errors import RanvierError
from ranvier.mesh.mesh_server import MeshServer
from ranvier.mesh.peer_link import PeerLink
from ranvier.mesh.remote_clients import RemoteClients
from ranvier.mesh.served_clients import ServedClients
from ranvier.messages.processor_plans import Instruction, InstructionKind
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.announce_clients import AnnounceClients
from ranvier.services.cluster_clients import ClusterClients
from ranvier.services.errors import InstructionFailed
from ranvier.services.instruct_clients import InstructClients
from ranvier.wire.grpc.methods import streaming, unary
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import ServerCall


class ClientCalls:
    """Goes into a mesh by two doors: its links open clients here, its server offers the calls."""

    def __init__(
        self, announce: AnnounceClients, clients: ClusterClients, instruct: InstructClients
    ) -> None:
        self._announce = announce
        self._clients = clients
        self._instruct = instruct

    def open_clients(self, link: PeerLink) -> RemoteClients:
        """Return who follows the clients of a node."""
        return RemoteClients(link, self._clients)

    def add_to(self, mesh: MeshServer, server: GrpcServer) -> None:
        """Offer the calls to the nodes that are linked."""
        announce = self._announce
        mesh.add(server, "Clients", streaming(lambda call: ServedClients(call, announce)))
        mesh.add(server, "Instruct", unary(self.instruct))

    async def instruct(self, _call: ServerCall, message: bytes) -> bytes:
        """Give a client of this node what another node has for it."""
        call = mesh_pb2.InstructCall.FromString(message)
        try:
            outcome = await self._given(call)
        except RanvierError as error:
            failure = mesh_pb2.ToldFailure(code=error.code, text=str(error))
            return mesh_pb2.InstructReply(failure=failure).SerializeToString()
        return mesh_pb2.InstructReply(outcome=outcome).SerializeToString()

    async def _given(self, call: mesh_pb2.InstructCall) -> str:
        client = self._announce.client_of(call.client)
        if client is None:
            raise InstructionFailed(str(call.client), "it has gone")
        kind = InstructionKind(call.kind)
        plan = ((Instruction(client, kind, call.processor_name, call.segment_id),),)
        if not call.is_awaited:
            self._instruct.tell(plan)
            return ""
        return (await self._instruct.follow(plan)).value
