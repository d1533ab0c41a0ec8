"""The clients of one other node, kept up to date while the link stands."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from google.protobuf.message import DecodeError

from ranvier.errors import RanvierError
from ranvier.mesh.client_messages import identity_from, status_from
from ranvier.mesh.own_node import MESH_PREFIX
from ranvier.mesh.peer_link import PeerLink
from ranvier.messages.processor_plans import Instruction
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.cluster_clients import ClusterClients, RemoteClient
from ranvier.services.errors import (
    InstructionFailed,
    InstructionUnanswered,
    InstructionUnsupported,
)
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.services.topology import Kind, Registration
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs

CLIENTS_PATH: Final = f"{MESH_PREFIX}Clients"
INSTRUCT_PATH: Final = f"{MESH_PREFIX}Instruct"

ANSWER_SECONDS: Final = 60.0
"""The client's own node gives up long before; this only bounds a node that is stuck."""

TOLD_KINDS: Final = {
    kind.code: kind for kind in (InstructionFailed, InstructionUnanswered, InstructionUnsupported)
}

logger = logging.getLogger("ranvier.mesh")


class RemoteClients:
    """Follows what one node tells of its clients."""

    def __init__(self, link: PeerLink, clients: ClusterClients) -> None:
        self._link = link
        self._clients = clients
        self._known: dict[int, RemoteClient] = {}
        self._call = link.channel.open(CLIENTS_PATH, self)
        self._call.send(mesh_pb2.ClientsCall().SerializeToString())

    # What the link tells; none of it is about clients.

    def added(self, handler: int, registration: Registration) -> None:
        """Do nothing."""

    def removed(self, handler: int, kind: Kind, name: str) -> None:
        """Do nothing."""

    def reply_received(self, reply: mesh_pb2.LinkReply) -> None:
        """Do nothing."""

    def lost(self) -> None:
        """Forget the node's clients."""
        self._call.cancel()
        known, self._known = self._known, {}
        for client in known.values():
            self._clients.went(client)

    # What the call tells.

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def writable(self) -> None:
        """Do nothing."""

    def message_received(self, message: bytes) -> None:
        """Take what has changed."""
        try:
            reply = mesh_pb2.ClientsReply.FromString(message)
        except DecodeError:
            self._call.cancel()
            return
        for number in reply.gone:
            client = self._known.pop(number, None)
            if client is not None:
                self._clients.went(client)
        for told in reply.changed:
            self._take(told)

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error says all
        """Say that the node's clients are not seen here, if its link still stands."""
        if self._link.is_up and self._known:
            reason = "it has ended the call" if error is None else error.message
            logger.warning("Node %s tells of its clients no more: %s", self._link.peer.name, reason)

    def _take(self, told: mesh_pb2.Client) -> None:
        client = self._known.get(told.number)
        if client is None:
            way = ClientWay(self._link, told.number, told.client_id)
            client = RemoteClient(self._link.peer.name, identity_from(told), told.context, way)
            if not self._clients.came(client):
                return
            self._known[told.number] = client
        client.processors = tuple([status_from(each) for each in told.processors])


class ClientWay:
    """The way to one client of another node."""

    def __init__(self, link: PeerLink, number: int, client_id: str) -> None:
        self._link = link
        self._number = number
        self._client_id = client_id
        self._telling: set[asyncio.Task[mesh_pb2.InstructReply]] = set()

    async def instruct(self, instruction: Instruction) -> InstructionOutcome:
        """Have the client's node give an instruction; raise why it failed."""
        reply = await self._call(instruction, is_awaited=True)
        if reply.HasField("failure"):
            raise self._told(reply.failure)
        return InstructionOutcome(reply.outcome)

    def tell(self, instruction: Instruction) -> None:
        """Have the client's node give an instruction, whatever becomes of it."""
        task = asyncio.get_running_loop().create_task(self._call(instruction, is_awaited=False))
        self._telling.add(task)
        task.add_done_callback(self._was_told)

    async def _call(self, instruction: Instruction, *, is_awaited: bool) -> mesh_pb2.InstructReply:
        call = mesh_pb2.InstructCall(
            client=self._number,
            kind=instruction.kind.value,
            processor_name=instruction.processor_name,
            segment_id=instruction.segment_id,
            is_awaited=is_awaited,
        )
        try:
            answer = await self._link.channel.unary(
                INSTRUCT_PATH, call.SerializeToString(), timeout_seconds=ANSWER_SECONDS
            )
            return mesh_pb2.InstructReply.FromString(answer)
        except (GrpcError, DecodeError) as problem:
            reason = "the link to its node is lost"
            raise InstructionFailed(self._client_id, reason) from problem

    def _told(self, failure: mesh_pb2.ToldFailure) -> RanvierError:
        kind = TOLD_KINDS.get(failure.code)
        if kind is None:
            return InstructionFailed(self._client_id, failure.text.rstrip("."))
        return kind.__new__(kind, failure.text)

    def _was_told(self, task: asyncio.Task[mesh_pb2.InstructReply]) -> None:
        self._telling.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.info("%s", task.exception())
