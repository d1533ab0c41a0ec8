"""Commands of one node: to its own handlers, and over directed links to those of other nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ranvier.messages.command_flow import CommandFlow
from ranvier.messages.command_routing import CommandRouting
from ranvier.messages.errors import MessageError
from ranvier.messages.handler import Handler
from tests.support.checkers.history import Told
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.world import Connection, Party

CONTEXT: Final = "default"
NAME: Final = "deposit"
LOAD_FACTOR: Final = 8
REMOTE_PERMITS: Final = 1 << 40
ROUTED_ANEW_MAX: Final = 3


class Command:
    """A command on a node, and who is told its end; what routing asks of it."""

    __slots__ = ("context", "key", "message_id", "name", "routed_anew", "told")

    def __init__(self, message_id: str, key: str, told: Callable[[Told], None]) -> None:
        self.context = CONTEXT
        self.name = NAME
        self.message_id = message_id
        self.key = key
        self.told = told
        self.routed_anew = 0

    def routing_key(self) -> str:
        """Return the key."""
        return self.key

    def metadata(self) -> Mapping[str, str]:
        """Return none."""
        return {}


class Flow(CommandFlow[Command]):
    """The commands of one handler, and how they come to it."""

    __slots__ = ("send",)

    def __init__(self, handler: Handler, send: Callable[[Command], None]) -> None:
        super().__init__(handler)
        self.send = send


class RoutingNode(Protocol):
    """The other side of a link."""

    routing: Routing


class RemoteCommand(Command):
    """A command that another node has sent here."""

    __slots__ = ("not_sent",)

    def __init__(
        self,
        message_id: str,
        key: str,
        told: Callable[[Told], None],
        not_sent: Callable[[], None],
    ) -> None:
        super().__init__(message_id, key, told)
        self.not_sent = not_sent


class MeshLink:
    """A link as its dialler has it: the other node's handlers, and what was sent to them."""

    def __init__(self, routing: Routing, connection: Connection, peer: RoutingNode) -> None:
        self._routing = routing
        self._connection = connection
        self._peer = peer
        self.flows: dict[str, Flow] = {}

    def added(self, stream_id: str) -> None:
        """Hear of a handler there."""
        handler = Handler(CONTEXT, stream_id, stream_id, "remote")
        flow = Flow(handler, lambda command: self._send(stream_id, command))
        flow.permits.grant(REMOTE_PERMITS)
        self.flows[stream_id] = flow
        self._routing.join(flow)

    def removed(self, stream_id: str) -> None:
        """Hear that a handler there takes no more; what it was sent is answered."""
        flow = self.flows[stream_id]
        self._routing.table.table.unsubscribe(CONTEXT, NAME, flow.handler)

    def lost(self) -> None:
        """Forget the handlers there; nobody knows what became of what they were sent."""
        for flow in self.flows.values():
            self._routing.leave(flow)

    def _send(self, stream_id: str, command: Command) -> None:
        self._connection.send(
            self._routing.party,
            self._peer.routing.take,
            self._connection,
            (stream_id, command.message_id, command.key),
            self,
        )

    def answered(self, stream_id: str, message_id: str, told: Told) -> None:
        """Take what became of a command."""
        command = self.flows[stream_id].answered(message_id)
        if command is not None:
            command.told(told)

    def not_sent(self, stream_id: str, message_id: str) -> None:
        """Route a command anew that was given to nobody there."""
        command = self.flows[stream_id].answered(message_id)
        if command is None:
            return
        command.routed_anew += 1
        if command.routed_anew > ROUTED_ANEW_MAX:
            command.told(Told.FAILED)
        else:
            self._routing.dispatch(command)


class Routing:
    """The handlers that a node knows of, and the links on which it hears of others."""

    def __init__(self, party: Party, mutation: Mutation | None = None) -> None:
        self.party = party
        self.table: CommandRouting[Flow] = CommandRouting()
        self.links: dict[str, MeshLink] = {}
        self._local: dict[str, Flow] = {}
        self._listeners: dict[Connection, MeshLink] = {}
        self._mutation = mutation

    @property
    def known(self) -> tuple[str, ...]:
        """The streams of all handlers, sorted."""
        offers = self.table.table.candidates(CONTEXT, NAME)
        return tuple(sorted(offer.handler.stream_id for offer in offers))

    @property
    def waiting_count(self) -> int:
        """Commands that were not answered."""
        return sum(len(flow.sent) + len(flow.waiting) for flow in self.table.flows.values())

    # Handlers of this node.

    def handler_came(self, stream_id: str, send: Callable[[Command], None], permits: int) -> None:
        """Take a handler's stream, and tell the other nodes."""
        flow = self._local[stream_id] = Flow(Handler(CONTEXT, stream_id, stream_id, "local"), send)
        flow.permits.grant(permits)
        self.join(flow)
        for connection, link in self._listeners.items():
            connection.send(self.party, link.added, stream_id)

    def handler_left(self, stream_id: str) -> None:
        """Forget a handler's stream, and tell the other nodes."""
        flow = self._local.pop(stream_id)
        for connection, link in self._listeners.items():
            connection.send(self.party, link.removed, stream_id)
        self.leave(flow)

    def answer(self, stream_id: str, message_id: str) -> None:
        """Take a handler's answer, and a permit with it."""
        flow = self._local.get(stream_id)
        if flow is None:
            return
        command = flow.answered(message_id)
        if command is not None:
            command.told(Told.OK)
        flow.permits.grant(1)
        self._send_waiting(flow)

    # Commands.

    def dispatch(self, command: Command) -> None:
        """Send a command to a handler anywhere, or tell why not."""
        try:
            flow = self.table.choose(command)
            if flow.offer(command.message_id, command, 0):
                flow.send(command)
        except MessageError:
            command.told(Told.FAILED)

    def take(self, connection: Connection, what: tuple[str, str, str], link: MeshLink) -> None:
        """Take a command from another node for one handler here."""
        stream_id, message_id, key = what
        party = self.party
        flow = self._local.get(stream_id)

        def not_sent() -> None:
            connection.send(party, link.not_sent, stream_id, message_id)

        def told(outcome: Told) -> None:
            connection.send(party, link.answered, stream_id, message_id, outcome)

        if flow is None or flow.holds(message_id):
            not_sent()
            return
        command = RemoteCommand(message_id, key, told, not_sent)
        if flow.offer(message_id, command, 0):
            flow.send(command)

    # Links.

    def heard(self, connection: Connection, link: MeshLink) -> None:
        """Tell a node that has dialled of all handlers here, and of changes from now on."""
        for stream_id in self._local:
            connection.send(self.party, link.added, stream_id)
        self._listeners[connection] = link

    def hears_no_more(self, connection: Connection) -> None:
        """Forget a node that had dialled."""
        self._listeners.pop(connection, None)

    def join(self, flow: Flow) -> None:
        """Take a handler into the table."""
        self.table.join(flow)
        self.table.table.subscribe(CONTEXT, NAME, flow.handler, LOAD_FACTOR)

    def leave(self, flow: Flow) -> None:
        """Take a handler out: what it was sent is lost, what waited goes elsewhere."""
        self.table.leave(flow.handler)
        sent, waiting = flow.lose()
        if self._mutation is Mutation.SENDS_AGAIN:
            sent, waiting = [], sent + waiting
        for command in sent:
            command.told(Told.UNKNOWN)
        for command in waiting:
            if isinstance(command, RemoteCommand):
                command.not_sent()
            else:
                self.dispatch(command)

    def _send_waiting(self, flow: Flow) -> None:
        while (entry := flow.next_to_send()) is not None:
            flow.send(entry[1])
