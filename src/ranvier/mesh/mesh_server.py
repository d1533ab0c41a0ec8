"""The side of the mesh that is dialled: links that other nodes open, and the calls beside them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ranvier.mesh.errors import LinkNotOpen, MeshError
from ranvier.mesh.limits import MESSAGE_BYTES
from ranvier.mesh.link_session import Arrivals, LinkSession
from ranvier.mesh.local_table import LocalTable
from ranvier.mesh.own_node import LINK_PATH, MESH_PREFIX, OwnNode
from ranvier.mesh.seldom_log import SeldomLog
from ranvier.services.peers import NodeCondition, PeerIdentity
from ranvier.wire.grpc.methods import Method, streaming
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import Admit, CallHost, ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

logger = logging.getLogger("ranvier.mesh")


class MeshServer:
    """The links of all nodes that have dialled this one."""

    def __init__(
        self,
        own: OwnNode,
        table: LocalTable,
        arrivals: Callable[[LinkSession], Arrivals],
    ) -> None:
        """`arrivals` returns who takes what comes on a new link."""
        self.trust = own.trust
        self.table = table
        self.version = own.version
        self.own = own.identity
        self.new_nonce = own.new_nonce
        self.condition = NodeCondition()
        self._arrivals = arrivals
        self._sessions: dict[CallHost, LinkSession] = {}
        self._open_paths = {LINK_PATH}
        self._log = SeldomLog(logger, time.monotonic)
        self._observers: list[Callable[[PeerIdentity], None]] = []

    def methods(self) -> dict[str, Method]:
        """Return the methods that a mesh begins with, by their short names."""
        link = streaming(lambda call: LinkSession(call, self), oversized=self._oversized)
        return {"Link": link}

    def add(self, server: GrpcServer, name: str, method: Method, *, is_open: bool = False) -> None:
        """Offer one more call between nodes; `is_open`: also to those who have proved nothing."""
        if is_open:
            self._open_paths.add(MESH_PREFIX + name)
        server.add(MESH_PREFIX + name, method)

    def admission(self, otherwise: Admit | None) -> Admit:
        """Return the check of every call on the internal port; `otherwise` is for other services.

        Calls of the mesh are taken on a connection whose link stands; others by UNAUTHENTICATED.
        """

        def admit(call: ServerCall) -> None:
            if not call.path.startswith(MESH_PREFIX):
                if otherwise is not None:
                    otherwise(call)
            elif call.path not in self._open_paths and call.host not in self._sessions:
                raise refusal(LinkNotOpen())

        return admit

    def peer_of(self, call: ServerCall) -> PeerIdentity:
        """Return the node that makes a call; raises UNAUTHENTICATED where its link is gone."""
        session = self._sessions.get(call.host)
        if session is None:
            raise refusal(LinkNotOpen())
        return session.peer

    def watch(self, observer: Callable[[PeerIdentity], None]) -> None:
        """Tell of each node that has opened a link to this one."""
        self._observers.append(observer)

    def reached(self, context: str, head: int) -> None:
        """Tell every node that a context has grown to this head."""
        for session in self._sessions.values():
            session.reached(context, head)

    def tell_condition(self, condition: NodeCondition) -> None:
        """Tell every node, and whoever comes later, how this one is."""
        if condition != self.condition:
            self.condition = condition
            for session in self._sessions.values():
                session.tell_condition(condition)

    def close(self, reason: str) -> None:
        """End every link."""
        for session in list(self._sessions.values()):
            session.close(reason)

    def _oversized(self, call: ServerCall, byte_count: int) -> GrpcError | None:
        """Drop what is too long between nodes, where a node has sent it: its link need not end.

        Its caller is told by 4002 when its time is over.
        """
        session = self._sessions.get(call.host)
        text = f"A message of {byte_count} bytes is over the limit between nodes."
        if session is None:
            return GrpcError(StatusCode.RESOURCE_EXHAUSTED, text)
        name = session.peer.name
        self._log.tell(
            f"{name}/size",
            f"{text} Node {name} sent it, and it was dropped; the limit is {MESSAGE_BYTES}.",
        )
        return None

    # What sessions tell.

    def opened(self, session: LinkSession) -> Arrivals:
        """Take a session; an older one of the same node gives way."""
        for older in list(self._sessions.values()):
            if older.peer.node_id == session.peer.node_id:
                older.close("The node has opened a new link.")
        self._sessions[session.call.host] = session
        session.call.take_messages_up_to(MESSAGE_BYTES)
        self._log.forget(session.call.peer.rpartition(":")[0])
        for observer in self._observers:
            observer(session.peer)
        return self._arrivals(session)

    def closed(self, session: LinkSession) -> None:
        """Forget a session."""
        if self._sessions.get(session.call.host) is session:
            del self._sessions[session.call.host]

    def refused(self, peer: str, error: MeshError) -> None:
        """Say in the log that somebody was turned away, once in a while for each address."""
        self._log.tell(peer.rpartition(":")[0], f"A link from {peer} was refused: {error}")


def refusal(error: MeshError) -> GrpcError:
    """Return how a call that needs a link is refused."""
    return GrpcError(StatusCode.UNAUTHENTICATED, f"[{error.code}] {error}")
