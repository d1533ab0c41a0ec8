"""Commands that another node has sent here: to the handler that it has chosen, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ranvier.errors import RanvierError
from ranvier.mesh.errors import BrokenLink
from ranvier.mesh.frame_batch import FrameBatch
from ranvier.mesh.frames import (
    SentCommand,
    answer_head,
    command_from,
    parsed_request,
    read_command,
)
from ranvier.mesh.limits import MESSAGE_BYTES
from ranvier.mesh.link_session import LinkSession
from ranvier.mesh.local_table import LocalTable
from ranvier.messages.errors import DuplicateCommand, MessageOverLimit, NoCommandHandler
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.command_timeout import bounded_timeout_ms
from ranvier.services.dispatch_across_nodes import DispatchAcrossNodes
from ranvier.services.errors import NodeStopping
from ranvier.services.waiting_command import WaitingCommand

NOT_SENT: Final = (NoCommandHandler, NodeStopping, DuplicateCommand)
"""Why a command is not given to its handler; the node that it came from then chooses anew."""


class ArrivedCommand(WaitingCommand):
    """A command that waits at a link to another node."""

    is_bound = True

    def __init__(self, sent: SentCommand, arrived: ArrivedCommands) -> None:
        number, _, timeout_ms, priority, self.message_id, self.name, self.message = sent
        self.link_number = number
        self.timeout_ms = bounded_timeout_ms(timeout_ms)
        if priority:
            self.priority = priority
        self.context = ""
        self._arrived = arrived

    def routing_key(self) -> str:
        """Return nothing of use: its handler is chosen."""
        return self.message_id

    def metadata(self) -> Mapping[str, str]:
        """Return nothing: its handler is chosen."""
        return {}

    def answered(self, response: bytes) -> None:
        """Send the response back as it came."""
        self._arrived.answer(self.link_number, response)

    def failed(self, error: RanvierError) -> None:
        """Send back why there is none, or that it was not sent."""
        self._arrived.fail(self.link_number, error)


class ArrivedCommands:
    """The commands of one link that have not been answered yet."""

    def __init__(
        self,
        commands: DispatchAcrossNodes,
        table: LocalTable,
        session: LinkSession,
        longest_bytes: int,
    ) -> None:
        """`longest_bytes` is what a command may have to be sent to a client of this node."""
        self._commands = commands
        self._table = table
        self._session = session
        self._longest_bytes = longest_bytes
        self._batch = FrameBatch(session.call.stream, session.call.host.loop)
        self._waiting: dict[int, ArrivedCommand] = {}

    def message_received(self, message: bytes) -> None:
        """Take a command or a cancel; what a later version may say besides is ignored."""
        sent = read_command(message)
        if sent is not None:
            self._take(sent)
            return
        try:
            request = parsed_request(message)
        except BrokenLink as error:
            self._session.close(str(error))
            return
        if request.HasField("command"):
            self._take(command_from(request.command))
        elif request.HasField("cancel"):
            waiting = self._waiting.pop(request.cancel.number, None)
            if waiting is not None:
                self._commands.cancel(waiting)

    def writable(self) -> None:
        """Do nothing: answers wait in the stream itself."""

    def lost(self) -> None:
        """Forget the commands: the node that they came from has told their callers."""
        self._batch.drop()
        waiting, self._waiting = self._waiting, {}
        for command in waiting.values():
            self._commands.cancel(command)

    def answer(self, number: int, response: bytes) -> None:
        """Send a handler's answer back."""
        if len(response) > MESSAGE_BYTES:
            self.fail(number, MessageOverLimit(len(response), MESSAGE_BYTES))
        elif self._waiting.pop(number, None) is not None:
            self._batch.add(answer_head(number, len(response)), response)

    def fail(self, number: int, error: RanvierError) -> None:
        """Send back why a command has no answer."""
        if self._waiting.pop(number, None) is None:
            return
        if isinstance(error, NOT_SENT):
            not_sent = mesh_pb2.NotSent(
                number=number,
                revision=self._table.revision,
                is_duplicate=isinstance(error, DuplicateCommand),
            )
            self._session.send(mesh_pb2.LinkReply(not_sent=not_sent))
        else:
            failure = mesh_pb2.Failure(number=number, code=error.code, text=str(error))
            self._session.send(mesh_pb2.LinkReply(failure=failure))

    def _take(self, sent: SentCommand) -> None:
        command = self._waiting[sent[0]] = ArrivedCommand(sent, self)
        if len(sent[6]) > self._longest_bytes:
            # Its client would end its stream for it, and with that all its commands.
            self.fail(sent[0], MessageOverLimit(len(sent[6]), self._longest_bytes))
            return
        self._commands.offer(self._table.stream_id_of(sent[1]), command)
