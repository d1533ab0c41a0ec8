"""Nodes whose links are queues in memory: a test decides which message arrives next, and when."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

from ranvier.errors import RanvierError
from ranvier.mesh.arrived_commands import ArrivedCommands
from ranvier.mesh.link_session import Arrivals, LinkSession
from ranvier.mesh.local_table import LocalTable
from ranvier.mesh.own_node import OwnNode
from ranvier.mesh.peer_link import PeerLink, RemoteHandlers
from ranvier.mesh.remote_commands import RemoteCommands
from ranvier.mesh.trust import Trust
from ranvier.security.secret import Secret
from ranvier.services.peers import NodeCondition, PeerAddress, PeerIdentity
from ranvier.services.waiting_command import HandlerStream, WaitingCommand
from ranvier.wire.grpc.framing import PREFIX_BYTES
from ranvier.wire.grpc.status import GrpcError
from tests.support.command_parties import CommandHub
from tests.support.message_handlers import handler

SECRET = Secret("one text for all")


class Deliveries:
    """Which command was given to which handler: once at most, and no id twice at a time."""

    def __init__(self) -> None:
        self.given: set[bytes] = set()

    def note(self, message: bytes) -> None:
        assert message not in self.given, "a command was given to a handler twice"
        self.given.add(message)


class ModelHandler:
    """A handler's stream that answers when it is told to."""

    def __init__(self, node: ModelNode, name: str) -> None:
        self.node = node
        self.in_hand: list[str] = []
        self.is_open = True
        node.hub.commands.opened("default", self)
        self.stream: HandlerStream = node.hub.commands.join(handler(name), self)

    def send_command(self, message: bytes, command: WaitingCommand) -> bool:
        assert command.message_id not in self.in_hand, "an id is in flight twice on one stream"
        self.in_hand.append(command.message_id)
        self.node.deliveries.note(message)
        return True

    def answer(self) -> None:
        if self.in_hand:
            self.node.hub.commands.answer(self.stream, self.in_hand.pop(0), b"done")

    def leave(self) -> None:
        self.is_open = False
        self.node.hub.commands.closed(self)

    def close(self, error: RanvierError) -> None:
        assert error


class ModelNode:
    """What of a node takes part: routing, topology, the table that it tells."""

    def __init__(self, name: str, deliveries: Deliveries) -> None:
        self.name = name
        self.deliveries = deliveries
        self.hub = CommandHub()
        self.table = LocalTable(self.hub.topology)
        identity = PeerIdentity(f"id-{name}", name, 1)
        self.own = OwnNode(
            lambda: identity, Trust(lambda: SECRET, is_on_loopback=True), "1.0", lambda: bytes(32)
        )
        # What a session asks of its server.
        self.trust, self.version = self.own.trust, "1.0"
        self.condition = NodeCondition()

    def own_identity(self) -> PeerIdentity:
        return self.own.identity()


class ServerOfModel:
    """What a session needs of the server that it belongs to."""

    def __init__(self, node: ModelNode) -> None:
        self._node = node
        self.trust, self.table, self.version = node.trust, node.table, node.version
        self.condition = node.condition
        self.own = node.own.identity
        self.new_nonce = node.own.new_nonce

    def opened(self, session: LinkSession) -> Arrivals:
        return ArrivedCommands(self._node.hub.commands, self._node.table, session, 4_000_000)

    def closed(self, session: LinkSession) -> None:
        assert session

    def refused(self, peer: str, error: RanvierError) -> None:
        raise AssertionError(f"{peer} was refused: {error}")


class ModelStream:
    """A stream whose messages wait until a test lets them arrive; each is sent by itself."""

    queue = None

    def __init__(self, queue: deque[bytes]) -> None:
        self._waiting = queue

    def send_data(self, block: bytes) -> None:
        assert int.from_bytes(block[1:PREFIX_BYTES]) == len(block) - PREFIX_BYTES
        self._waiting.append(block[PREFIX_BYTES:])


class ModelLink:
    """One link from one node to another, as both ends have it; a test moves its messages."""

    def __init__(self, dialler: ModelNode, dialled: ModelNode) -> None:
        self._dialler = dialler
        self.there: deque[bytes] = deque()
        self.back: deque[bytes] = deque()
        self.is_cut = False
        address = PeerAddress(dialled.own.identity().node_id, dialled.name, "127.0.0.1", 1)
        # Both ends take callers' places of the wire; what they ask of it stands here.
        wire = cast("Any", self)
        self.host = cast("Any", self)
        self.loop = asyncio.get_running_loop()
        self.peer = "127.0.0.1:1"
        self.session = LinkSession(wire.end(self.back), ServerOfModel(dialled))
        self.peer_link = PeerLink(wire, dialler.own, address, self)

    def end(self, queue: deque[bytes]) -> ModelEnd:
        return ModelEnd(self, queue)

    def open(self, path: str, listener: object) -> ModelEnd:
        assert path.endswith("/Link")
        assert listener
        return ModelEnd(self, self.there)

    # What the dialling end tells.

    def opened(self, link: PeerLink) -> Sequence[RemoteHandlers]:
        hub = self._dialler.hub
        return (RemoteCommands(hub.commands, link, lambda: hub.now),)

    def reached(self, context: str, head: int) -> None:
        raise AssertionError((context, head))

    def table_received(self) -> None:
        pass

    def condition_received(self, condition: NodeCondition) -> None:
        assert condition

    # What a test does.

    def deliver_there(self) -> bool:
        if not self.there or self.is_cut:
            return False
        self.session.message_received(self.there.popleft())
        return True

    def deliver_back(self) -> bool:
        if not self.back or self.is_cut:
            return False
        self.peer_link.message_received(self.back.popleft())
        return True

    def cut(self, *, dialler_first: bool = True) -> None:
        """Lose the link with all that is under way; each end learns of it."""
        if self.is_cut:
            return
        self.is_cut = True
        ends: list[Callable[[], None]] = [
            lambda: self.peer_link.finished(None, ()),
            self.session.cancelled,
        ]
        for learn in ends if dialler_first else reversed(ends):
            learn()


class ModelEnd:
    """What one end of a link sends by."""

    def __init__(self, link: ModelLink, queue: deque[bytes]) -> None:
        self._queue = queue
        self._link = link
        self.stream = ModelStream(queue)
        self.host = link
        self.peer = link.peer
        self.queued_bytes = 0

    def send(self, message: bytes) -> None:
        self._queue.append(message)

    def send_framed(self, block: bytes) -> None:
        self._queue.append(block[PREFIX_BYTES:])

    def finish(self, error: GrpcError | None = None) -> None:
        raise AssertionError(f"the link was ended: {error}")

    def cancel(self) -> None:
        self._link.cut()
