"""The handlers of commands of one linked node, as handlers of this one: commands go by the link.

What a handler may take and what waits for it, its own node knows; here nothing waits unless the
link itself is full.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import count
from typing import Final

from ranvier.errors import RanvierError
from ranvier.mesh.frame_batch import FrameBatch
from ranvier.mesh.frames import command_head
from ranvier.mesh.peer_link import PeerLink
from ranvier.messages.errors import (
    DuplicateCommand,
    InstructionRefused,
    MessageError,
    NoCommandHandler,
)
from ranvier.messages.handler import Handler
from ranvier.messages.permits import PERMITS_MAX
from ranvier.messages.told_errors import COMMAND_ERRORS, told_error
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.dispatch_across_nodes import DispatchAcrossNodes
from ranvier.services.topology import Kind, Registration
from ranvier.services.waiting_command import HandlerStream, WaitingCommand

logger = logging.getLogger("ranvier.mesh")

QUEUED_BYTES: Final = 256 * 1024
"""What waits for the link above which further commands wait in this node, and can go elsewhere."""


class RemoteStream(HandlerStream):
    """A handler of another node."""

    __slots__ = ()

    link: RemoteHandlerLink

    def __init__(self, handler: Handler, link: RemoteHandlerLink) -> None:
        super().__init__(handler, link)
        self.permits.available = PERMITS_MAX

    def abandon(self, message_id: str) -> None:
        """Forget a command for which nobody waits any more, here and on the handler's node.

        Its id is free here at once: that node knows whether it may come again.
        """
        if self.waiting.remove(message_id) is None:
            command = self.sent.pop(message_id, None)
            if command is not None:
                self.link.cancel(command)


class RemoteHandlerLink:
    """Sends commands to one handler of another node."""

    __slots__ = ("_number", "_owner")

    def __init__(self, number: int, owner: RemoteCommands) -> None:
        self._number = number
        self._owner = owner

    def send_command(self, message: bytes, command: WaitingCommand) -> bool:
        """Send a command over the link; False once so much is queued that it must wait here."""
        # All in one place and straight to HTTP/2, as a handler's own stream does it.
        owner = self._owner
        number = command.link_number = next(owner.fresh_numbers)
        owner.in_flight[number] = (command, message)
        left_ms = owner.milliseconds_left(command)
        head = command_head(number, self._number, left_ms, command, len(message))
        batch = owner.batch
        batch.add(head, message)
        return batch.stream.queue is None or batch.stream.queued_bytes <= QUEUED_BYTES

    def cancel(self, command: WaitingCommand) -> None:
        """Say that nobody waits for a command any more."""
        self._owner.cancel(command.link_number)

    def close(self, error: RanvierError) -> None:  # noqa: ARG002  # its own node tells the handler
        """Forget the handler."""
        self._owner.forget(self._number)


class RemoteCommands:
    """All handlers of commands that one linked node has told of, and what was sent to them."""

    def __init__(
        self, commands: DispatchAcrossNodes, link: PeerLink, clock: Callable[[], float]
    ) -> None:
        """`clock` is the one by which the commands expire."""
        self.fresh_numbers = count(1)
        self.in_flight: dict[int, tuple[WaitingCommand, bytes]] = {}
        """By number, with the text: a command that was not sent there goes elsewhere."""
        assert link.call.stream is not None  # noqa: S101  # the link stands
        self.batch = FrameBatch(link.call.stream, asyncio.get_running_loop())
        link.take_answer = self.answer_received
        self._commands = commands
        self._link = link
        self._clock = clock
        self._streams: dict[int, RemoteStream] = {}
        self._names: dict[int, set[str]] = {}
        self._leaving: set[int] = set()
        """Handlers that take nothing any more and still owe answers."""

    def milliseconds_left(self, command: WaitingCommand) -> int:
        """Return what is left of a command's time."""
        return max(1, int((command.expires_at - self._clock()) * 1_000))

    def cancel(self, number: int) -> None:
        """Let the other node forget a command."""
        if self.in_flight.pop(number, None) is not None:
            self.batch.flush()  # the command goes before what is said of it
            cancel = mesh_pb2.Cancel(number=number)
            self._link.send(mesh_pb2.LinkRequest(cancel=cancel))

    def forget(self, number: int) -> None:
        """Know nothing of a handler any more."""
        self._streams.pop(number, None)
        self._names.pop(number, None)
        self._leaving.discard(number)

    # What the link tells.

    def added(self, handler: int, registration: Registration) -> None:
        """Let commands of a name go to a handler."""
        if registration.kind != "command":
            return
        stream = self._streams.get(handler)
        if stream is None:
            stream = self._streams[handler] = self._joined(handler, registration)
            self._names[handler] = set()
        self._leaving.discard(handler)
        try:
            self._commands.subscribe(stream, registration.name, registration.load_factor)
        except InstructionRefused as error:
            logger.warning("Node %s told of a handler: %s", registration.node, error)
            return
        self._names[handler].add(registration.name)

    def removed(self, handler: int, kind: Kind, name: str) -> None:
        """Let no new command of a name go to a handler."""
        stream = self._streams.get(handler)
        if kind != "command" or stream is None:
            return
        self._commands.unsubscribe(stream, name)
        self._names[handler].discard(name)
        if not self._names[handler]:
            self._leaving.add(handler)
            self._let_go()

    def answer_received(self, number: int, response: bytes) -> None:
        """Pass an answer on; one that nobody waits for is counted as a stray one."""
        found = self.in_flight.pop(number, None)
        if found is None:
            self._commands.stray_answers += 1
            return
        command = found[0]
        if command.stream is not None:
            self._commands.answer(command.stream, command.message_id, response)
        if self._leaving:
            self._let_go()

    def reply_received(self, reply: mesh_pb2.LinkReply) -> None:
        """Take an answer, or what there is instead."""
        if reply.HasField("answer"):
            self.answer_received(reply.answer.number, reply.answer.message)
        elif reply.HasField("not_sent"):
            self._not_sent(reply.not_sent)
        elif reply.HasField("failure"):
            failure = reply.failure
            found = self.in_flight.pop(failure.number, None)
            if found is not None:
                error = told_error(failure.code, failure.text, COMMAND_ERRORS)
                error = error or MessageError(f"[{failure.code}] {failure.text}")
                self._commands.refused(found[0], error)
        if self._leaving:
            self._let_go()

    def writable(self) -> None:
        """Send what has waited for the link."""
        for stream in list(self._streams.values()):
            if stream.is_held:
                self._commands.resumed(stream)

    def lost(self) -> None:
        """Let all handlers go: what they were sent is answered now, the rest goes elsewhere."""
        self.in_flight.clear()
        self.batch.drop()
        streams = list(self._streams.values())
        for stream in streams:  # what leaves one of them must not be sent to the next
            stream.is_held = True
        for stream in streams:
            self._commands.closed(stream.link)
        self._streams.clear()
        self._names.clear()
        self._leaving.clear()

    def _joined(self, handler: int, registration: Registration) -> RemoteStream:
        party = Handler(
            registration.context,
            registration.client_id,
            registration.stream_id,
            registration.component_name,
            dict(registration.tags),
            registration.node,
        )
        stream = RemoteStream(party, RemoteHandlerLink(handler, self))
        self._commands.enter(stream)
        return stream

    def _not_sent(self, reply: mesh_pb2.NotSent) -> None:
        found = self.in_flight.pop(reply.number, None)
        if found is None:
            return
        command, message = found
        error: RanvierError = NoCommandHandler(command.name, command.context)
        if reply.is_duplicate:
            error = DuplicateCommand(command.message_id)
        self._commands.route_again(command, message, error)

    def _let_go(self) -> None:
        """Forget handlers that take nothing any more and owe nothing."""
        for number in [each for each in self._leaving if not self._streams[each].sent]:
            self._commands.closed(self._streams[number].link)
            self.forget(number)
