"""One link at the node that was dialled: it checks who has dialled, then tells all it knows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from ranvier.mesh.errors import BrokenLink, MeshError
from ranvier.mesh.frames import parsed_request
from ranvier.mesh.greetings import expect_meant, greeting_from, greeting_of, hello_of, identity_of
from ranvier.mesh.limits import HANDSHAKE_SECONDS
from ranvier.mesh.local_table import LocalTable
from ranvier.mesh.proof import DIALLED, DIALLER, Greeting
from ranvier.mesh.trust import Trust
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.peers import NodeCondition, PeerIdentity
from ranvier.wire.grpc.framing import frame
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

FIRST_WORDS_BYTES_MAX = 4_096
"""Of a message by somebody who has proved nothing."""

LISTED_BYTES = 256 * 1024
"""What waits for the other node above which the table goes on when `writable` is told."""

WAKE_UPS_BYTES = 64 * 1024
"""What waits for the other node above which it is not told that contexts grow: it looks itself."""


class Arrivals(Protocol):
    """Takes what the node that has dialled sends on its link."""

    def message_received(self, message: bytes) -> None:
        """Take a message that is none of the first words."""

    def writable(self) -> None:
        """Be told that the link takes more again."""

    def lost(self) -> None:
        """Be told that nothing can be answered any more."""


class SessionHost(Protocol):
    """What a session needs of the server that it belongs to."""

    trust: Trust
    table: LocalTable
    version: str
    condition: NodeCondition

    def own(self) -> PeerIdentity:
        """Return who this node is."""
        ...

    def new_nonce(self) -> bytes:
        """Return bytes that nobody could foretell."""
        ...

    def opened(self, session: LinkSession) -> Arrivals:
        """Take a session that is proven; return who takes what comes on it."""
        ...

    def closed(self, session: LinkSession) -> None:
        """Forget a session that was opened."""

    def refused(self, peer: str, error: MeshError) -> None:
        """Note that somebody was turned away."""


class LinkSession:
    """Takes the calls of one dialler, from its first word to the loss of the link."""

    def __init__(self, call: ServerCall, host: SessionHost) -> None:
        self.call = call
        self.peer = PeerIdentity("", "", 0)
        """Who has dialled; what it says of itself until it is proven."""
        self._host = host
        self._dialler: Greeting | None = None
        self._own = greeting_of(host.own(), host.new_nonce())
        self._arrivals: Arrivals | None = None
        self._unlisted: deque[bytes] = deque()
        self._end_watch: Callable[[], None] | None = None
        self._too_slow = call.host.loop.call_later(HANDSHAKE_SECONDS, self._time_is_over)

    def message_received(self, message: bytes) -> None:
        """Take a message; one that may not come ends the link."""
        if self._arrivals is not None:
            self._arrivals.message_received(message)
            return
        try:
            self._take_first_words(message)
        except MeshError as error:
            self._host.refused(self.call.peer, error)
            self._end(error)

    def half_closed(self) -> None:
        """End the link: a dialler that says nothing more has gone."""
        self.cancelled()
        self.call.finish()

    def writable(self) -> None:
        """Go on with the table, then with what waits for the link."""
        self._list_on()
        if self._arrivals is not None and not self._unlisted:
            self._arrivals.writable()

    def cancelled(self) -> None:
        """Let go: the link is lost."""
        self._too_slow.cancel()
        arrivals, self._arrivals = self._arrivals, None
        if arrivals is None:
            return
        if self._end_watch is not None:
            self._end_watch()
        self._unlisted.clear()
        self._host.closed(self)
        arrivals.lost()

    def close(self, reason: str) -> None:
        """End the link from this side."""
        self.cancelled()
        self.call.finish(GrpcError(StatusCode.UNAVAILABLE, reason))

    def send(self, reply: mesh_pb2.LinkReply) -> None:
        """Send a reply at once, or behind the rest of the table."""
        message = reply.SerializeToString()
        if self._unlisted:
            self._unlisted.append(message)
        else:
            self.call.send_framed(frame(message))

    def reached(self, context: str, head: int) -> None:
        """Tell that a context has grown, unless too much waits."""
        if self.call.queued_bytes <= WAKE_UPS_BYTES:
            reached = mesh_pb2.Reached(context=context, head=head)
            self.send(mesh_pb2.LinkReply(reached=reached))

    def tell_condition(self, condition: NodeCondition) -> None:
        """Tell how this node is."""
        self.send(mesh_pb2.LinkReply(condition=described(condition)))

    def _take_first_words(self, message: bytes) -> None:
        if len(message) > FIRST_WORDS_BYTES_MAX:
            raise BrokenLink("too long a message")
        request = parsed_request(message)
        kind = request.WhichOneof("request")
        if kind == "hello" and self._dialler is None:
            self._greet(request.hello)
        elif kind == "proof" and self._dialler is not None:
            self._welcome(self._dialler, request.proof.digest)
        else:
            raise BrokenLink("something else than its first words")

    def _greet(self, hello: mesh_pb2.Hello) -> None:
        own = self._own
        self._host.trust.expect_place(self.call.peer.rpartition(":")[0].strip("[]"))
        dialler = greeting_from(hello)
        if dialler.node_id == own.node_id or hello.meant_node_id != own.node_id:
            meant = (hello.meant_node_id, hello.meant_node_id)
            expect_meant(meant, own, dialler.node_id)
        self._dialler = dialler
        self.peer = identity_of(dialler)
        self.send(mesh_pb2.LinkReply(hello=hello_of(own, self._host.version)))

    def _welcome(self, dialler: Greeting, offered: bytes) -> None:
        trust, greetings = self._host.trust, (dialler, self._own)
        trust.expect_proof(DIALLER, greetings, offered, dialler.name)
        self._too_slow.cancel()
        proof = mesh_pb2.Proof(digest=trust.proof(DIALLED, *greetings))
        self.send(mesh_pb2.LinkReply(welcome=proof))
        self._arrivals = self._host.opened(self)
        self.tell_condition(self._host.condition)
        self._unlisted.extend(
            mesh_pb2.LinkReply(table=part).SerializeToString() for part in self._host.table.parts()
        )
        self._end_watch = self._host.table.watch(self._table_changed)
        self._list_on()

    def _table_changed(self, table: mesh_pb2.Table) -> None:
        self.send(mesh_pb2.LinkReply(table=table))

    def _list_on(self) -> None:
        while self._unlisted and self.call.queued_bytes <= LISTED_BYTES:
            self.call.send_framed(frame(self._unlisted.popleft()))

    def _time_is_over(self) -> None:
        error = BrokenLink("no proof in time")
        self._host.refused(self.call.peer, error)
        self._end(error)

    def _end(self, error: MeshError) -> None:
        self._too_slow.cancel()
        status = StatusCode.UNAUTHENTICATED
        self.call.finish(GrpcError(status, f"[{error.code}] {error}"))


def described(condition: NodeCondition) -> mesh_pb2.Condition:
    """Return the message that tells how a node is."""
    return mesh_pb2.Condition(
        timeline=condition.timeline,
        system_identifier=condition.system_identifier,
        lacks=condition.lacks,
        is_ready=condition.is_ready,
        client_count=condition.client_count,
        tags=condition.tags,
    )
