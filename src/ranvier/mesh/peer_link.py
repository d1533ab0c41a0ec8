"""One link as the node has it that dials: it proves itself, checks who answers, then listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ranvier.mesh.errors import BrokenLink, MeshError
from ranvier.mesh.frames import parsed_reply, read_answer
from ranvier.mesh.greetings import expect_meant, greeting_from, greeting_of, hello_of, identity_of
from ranvier.mesh.limits import HANDSHAKE_SECONDS
from ranvier.mesh.own_node import LINK_PATH, OwnNode
from ranvier.mesh.proof import DIALLED, DIALLER, Greeting
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.peers import NodeCondition, PeerAddress, PeerIdentity
from ranvier.services.topology import Kind, Registration
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.outgoing_call import OutgoingCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.headers import HeaderPairs

KINDS: Final[dict[int, Kind]] = {
    mesh_pb2.Registration.COMMAND: "command",
    mesh_pb2.Registration.QUERY: "query",
}


class RemoteHandlers(Protocol):
    """Takes what a linked node says of its handlers, of one kind or of all.

    `handler` is the number of a handler's stream on its node, never used again on the link.
    """

    def added(self, handler: int, registration: Registration) -> None:
        """A handler takes messages of a name, or has other particulars now."""

    def removed(self, handler: int, kind: Kind, name: str) -> None:
        """A handler takes no more of a name; what it was sent, it answers."""

    def reply_received(self, reply: mesh_pb2.LinkReply) -> None:
        """Take a reply that is about none of this."""

    def writable(self) -> None:
        """The link takes more again."""

    def lost(self) -> None:
        """The link is gone, with all that was told on it."""


class LinkHost(Protocol):
    """What a link needs of those who have dialled."""

    def opened(self, link: PeerLink) -> Sequence[RemoteHandlers]:
        """Take a link that stands; return who takes what is told on it."""
        ...

    def table_received(self) -> None:
        """Hear that a link has told of all handlers."""

    def condition_received(self, condition: NodeCondition) -> None:
        """Hear how a node is."""

    def reached(self, context: str, head: int) -> None:
        """Hear that a context has grown."""


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """Why a link is no more, or never was."""

    reason: str
    is_refused: bool
    """One side did not believe the other: trying again soon is of no use."""


class PeerLink:
    """A link to one node, from the first word to its loss; also the door to the calls beside it."""

    def __init__(
        self, channel: Channel, own: OwnNode, address: PeerAddress, host: LinkHost
    ) -> None:
        loop = asyncio.get_running_loop()
        self.channel = channel
        """For calls to the node; they are taken while the link is up."""
        self.address = address
        self.peer = PeerIdentity(address.node_id, address.name, 0)
        self.condition = NodeCondition()
        """How the node is, as it has told."""
        self.is_up = False
        """Both sides have proven themselves, and the link is not lost."""
        self.was_up = False
        self.has_table = False
        """It has told of all its handlers."""
        self.ended: asyncio.Future[LinkEnd] = loop.create_future()
        self.take_answer: Callable[[int, bytes], None] | None = None
        """Takes answers to commands by their numbers, once the link stands."""
        self._own = own
        self._host = host
        self._greeting = greeting_of(own.identity(), own.new_nonce())
        self._greetings: tuple[Greeting, Greeting] | None = None
        self._takers: Sequence[RemoteHandlers] = ()
        self._end: LinkEnd | None = None
        self._too_slow = loop.call_later(
            HANDSHAKE_SECONDS, lambda: self._break(BrokenLink("no proof in time"))
        )
        self.call: OutgoingCall = channel.open(LINK_PATH, self)
        hello = hello_of(self._greeting, own.version, address.node_id)
        self.send(mesh_pb2.LinkRequest(hello=hello))

    def send(self, request: mesh_pb2.LinkRequest) -> None:
        """Send a request."""
        self.call.send(request.SerializeToString())

    def close(self) -> None:
        """End the link from this side."""
        self.call.cancel()

    # What the call tells.

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing: the first words say more."""

    def message_received(self, message: bytes) -> None:
        """Take a reply; one that may not come ends the link."""
        if self.take_answer is not None:
            answer = read_answer(message)
            if answer is not None:
                self.take_answer(*answer)
                return
        try:
            reply = parsed_reply(message)
            if self.is_up:
                self._take(reply)
            else:
                self._take_first_words(reply)
        except MeshError as error:
            self._break(error)

    def writable(self) -> None:
        """Tell those who send on the link."""
        for taker in self._takers:
            taker.writable()

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error says all
        """Note that the link is lost, and tell everybody at once."""
        self._too_slow.cancel()
        self.is_up = False
        self.take_answer = None
        takers, self._takers = self._takers, ()
        for taker in takers:
            taker.lost()
        if not self.ended.done():
            self.ended.set_result(self._end or end_by(error))

    def _take_first_words(self, reply: mesh_pb2.LinkReply) -> None:
        kind = reply.WhichOneof("reply")
        if kind == "hello" and self._greetings is None:
            self._prove(greeting_from(reply.hello))
        elif kind == "welcome" and self._greetings is not None:
            trust, name = self._own.trust, self.peer.name
            trust.expect_proof(DIALLED, self._greetings, reply.welcome.digest, name)
            self._too_slow.cancel()
            self.is_up = self.was_up = True
            self._takers = self._host.opened(self)
        else:
            raise BrokenLink("something else than its first words")

    def _prove(self, dialled: Greeting) -> None:
        address, own = self.address, self._greeting
        expect_meant((address.node_id, address.name), dialled, own.node_id)
        self.peer = identity_of(dialled)
        self._greetings = (own, dialled)
        proof = mesh_pb2.Proof(digest=self._own.trust.proof(DIALLER, own, dialled))
        self.send(mesh_pb2.LinkRequest(proof=proof))

    def _take(self, reply: mesh_pb2.LinkReply) -> None:
        kind = reply.WhichOneof("reply")
        if kind == "table":
            self._take_table(reply.table)
        elif kind == "reached":
            self._host.reached(reply.reached.context, reply.reached.head)
        elif kind == "condition":
            self.condition = condition_from(reply.condition)
            self._host.condition_received(self.condition)
        else:
            for taker in self._takers:
                taker.reply_received(reply)

    def _take_table(self, table: mesh_pb2.Table) -> None:
        for each in table.added:
            kind = KINDS.get(each.kind)
            if kind is not None:  # a kind of a later version
                registration = registration_from(each, kind, self.peer.name)
                for taker in self._takers:
                    taker.added(each.handler, registration)
        for each in table.removed:
            kind = KINDS.get(each.kind)
            if kind is not None:
                for taker in self._takers:
                    taker.removed(each.handler, kind, each.name)
        if table.is_complete and not self.has_table:
            self.has_table = True
            self._host.table_received()

    def _break(self, error: MeshError) -> None:
        self._end = LinkEnd(str(error), is_refused=True)
        self.close()


def end_by(error: GrpcError | None) -> LinkEnd:
    """Return what the end of the call says of the link's."""
    if error is None:
        return LinkEnd("the other node has closed it", is_refused=False)
    refusals = (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED, StatusCode.UNIMPLEMENTED)
    return LinkEnd(error.message, is_refused=error.status in refusals)


def registration_from(each: mesh_pb2.Registration, kind: Kind, node: str) -> Registration:
    """Return a handler of another node as the topology knows it."""
    return Registration(
        kind,
        each.context,
        each.name,
        each.client_id,
        each.stream_id,
        each.component_name,
        each.load_factor,
        tuple(each.result_names),
        tuple(sorted(each.tags.items())),
        node,
    )


def condition_from(condition: mesh_pb2.Condition) -> NodeCondition:
    """Return how a node is, from the message that tells it."""
    return NodeCondition(
        condition.timeline,
        tuple(condition.lacks),
        condition.is_ready,
        condition.client_count,
        dict(condition.tags),
        condition.system_identifier,
    )
