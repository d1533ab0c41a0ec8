"""Commands that come from other nodes to handlers of this one, and those that they send back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ranvier.errors import RanvierError
from ranvier.messages.errors import DuplicateCommand, NoCommandHandler
from ranvier.services.command_meter import CommandMeter
from ranvier.services.context_kinds import KnownContexts
from ranvier.services.dispatch_commands import LOOK_SECONDS, DispatchCommands
from ranvier.services.errors import NodeStopping
from ranvier.services.topology import Topology
from ranvier.services.waiting_command import HandlerLink, HandlerStream, WaitingCommand

DETOURS_MAX: Final = 3
"""How often a command is routed anew that another node did not give to its handler."""


class DispatchAcrossNodes(DispatchCommands):
    """All commands of this node, also those that another node has chosen a handler for.

    Handlers of other nodes stand among its own, with the link to their node for a stream.
    """

    def __init__(
        self,
        contexts: KnownContexts,
        topology: Topology,
        meter: CommandMeter,
        clock: Callable[[], float],
    ) -> None:
        """`clock` tells seconds that never go back."""
        super().__init__(contexts, topology, meter, clock)
        self._by_stream_id: dict[str, HandlerStream] = {}
        """The handlers of this node."""

    def enter(self, stream: HandlerStream) -> HandlerStream:
        """Take a handler with its stream, of this node or of another."""
        if not stream.handler.node:
            self._by_stream_id[stream.handler.stream_id] = stream
        return super().enter(stream)

    def closed(self, link: HandlerLink) -> None:
        """Forget a stream that is gone; telling it twice is allowed."""
        stream = self._links.get(link)
        if stream is not None and not stream.handler.node:
            del self._by_stream_id[stream.handler.stream_id]
        super().closed(link)

    def offer(self, stream_id: str | None, command: WaitingCommand) -> None:
        """Send a command to the one handler that another node has chosen, or let it wait there.

        It is answered once: by `NoCommandHandler` where the handler is not here any more.
        """
        now = command.came_at = self._clock()
        command.expires_at = now + command.timeout_ms * 0.001
        stream = None if stream_id is None else self._by_stream_id.get(stream_id)
        if stream is None or not self._routing.table.is_subscribed(command.name, stream.handler):
            command.failed(NoCommandHandler(command.name, command.context))
            return
        command.context = stream.handler.context
        if self._timer is None:
            self._look_again(LOOK_SECONDS)
        if self._is_stopping:
            self._fail(command, NodeStopping())
        elif stream.holds(command.message_id):
            self._fail(command, DuplicateCommand(command.message_id))
        else:
            self._offer(stream, command)

    def route_again(self, command: WaitingCommand, message: bytes, error: RanvierError) -> None:
        """Route a command anew that another node did not give to its handler for this reason."""
        stream, message_id = command.stream, command.message_id
        if stream is None:
            return
        command.message, command.was_sent = message, False
        command.detours += 1
        if self._is_stopping:
            self._fail(command, NodeStopping())
        elif command.detours > DETOURS_MAX:
            self._fail(command, error)
        else:
            self._route(command, error)
        stream.answered(message_id)  # only now: until here that handler was passed over

    def refused(self, command: WaitingCommand, error: RanvierError) -> None:
        """Tell a caller what the handler's node says instead of an answer."""
        if command.stream is not None:
            command.stream.answered(command.message_id)
            self._fail(command, error)
            self._note_emptied()
