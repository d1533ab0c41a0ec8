"""The handler side of commands: takes them from the stream, answers each exactly once."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from ranvier.client.codec import Codec
from ranvier.client.command_dialect import CommandDialect, Inbound, Outbound
from ranvier.client.connection import Connection
from ranvier.client.errors import CommandFailed, NoCommandHandler
from ranvier.client.failure_answer import failure_answer
from ranvier.client.handler_stream import HandlerStream, Subscription
from ranvier.client.message import Answer, Message, MessageIds
from ranvier.client.payload import fill, metadata_from, payload_from, wire_metadata
from ranvier.client.subscriptions import Subscriptions
from ranvier.client.workshop import WAITED_FOR_CANCELLED, Workshop, is_being_cancelled
from ranvier.proto import command_pb2, common_pb2

LOG = logging.getLogger("ranvier.client")

NOBODY: Final = common_pb2.ErrorMessage(
    message="this client has no handler of that name any more", error_code=NoCommandHandler.code
)


class CommandHandlers:
    """Runs handlers: plain functions at once in the event loop, coroutines as tasks."""

    def __init__(self, connection: Connection, codec: Codec, ids: MessageIds) -> None:
        self._codec = codec
        self._ids = ids
        self._location = connection.component_name
        self._identity = connection.settings.identity
        options = connection.settings.handling
        self._workshop = Workshop(options.concurrency)
        self._grace_seconds = options.grace_seconds
        self.subscriptions = Subscriptions(
            connection, CommandDialect(self._identity), options.permits, self._received
        )

    async def close(self) -> None:
        """Withdraw the handlers, let what runs finish within the grace, end the stream."""
        await self.subscriptions.close(lambda: self._workshop.finish(self._grace_seconds))

    def _received(self, stream: HandlerStream, kind: str, inbound: Inbound) -> None:
        if kind != "command":
            return
        stream.taken()
        command = inbound.command
        subscription = self.subscriptions.find(command.name)
        if subscription is None:
            self._answer_error(stream, command, NOBODY)
        elif subscription.handler.is_coroutine:
            self._workshop.submit(lambda: self._handle(stream, subscription, command))
        else:
            # A plain function needs no task: the whole way of a command takes half the time.
            self._handle_now(stream, subscription, command)

    def _handle_now(
        self, stream: HandlerStream, subscription: Subscription, command: command_pb2.Command
    ) -> None:
        try:
            value = subscription.handler.call(self._codec, message_from(command))
            self._answer(stream, command, value)
        except Exception as problem:  # whatever a handler raises is its command's answer
            self._answer_failure(stream, command, problem)

    async def _handle(
        self, stream: HandlerStream, subscription: Subscription, command: command_pb2.Command
    ) -> None:
        if not stream.is_open:
            return  # the server has given the command up with the stream
        try:
            value = await subscription.handler.call(self._codec, message_from(command))
            self._answer(stream, command, value)
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            self._answer_failure(stream, command, CommandFailed(WAITED_FOR_CANCELLED))
        except Exception as problem:  # whatever a handler raises is its command's answer
            self._answer_failure(stream, command, problem)

    def _answer(self, stream: HandlerStream, command: command_pb2.Command, value: Any) -> None:
        answer = value if isinstance(value, Answer) else Answer(value)
        response = command_pb2.CommandResponse(
            message_identifier=self._ids.next(), request_identifier=command.message_identifier
        )
        if answer.value is not None:
            fill(response.payload, self._codec.encode(answer.value))
        for name, wire_value in wire_metadata(answer.metadata).items():
            response.meta_data[name].CopyFrom(wire_value)
        stream.send(Outbound(command_response=response).SerializeToString())
        stream.handled()

    def _answer_failure(
        self, stream: HandlerStream, command: command_pb2.Command, problem: Exception
    ) -> None:
        if not isinstance(problem, CommandFailed):
            LOG.error("the handler of %s failed", command.name, exc_info=problem)
        error = failure_answer(problem, CommandFailed, self._location)
        self._answer_error(stream, command, error)

    def _answer_error(
        self, stream: HandlerStream, command: command_pb2.Command, error: common_pb2.ErrorMessage
    ) -> None:
        response = command_pb2.CommandResponse(
            message_identifier=self._ids.next(),
            request_identifier=command.message_identifier,
            error_code=error.error_code,
            error_message=error,
        )
        stream.send(Outbound(command_response=response).SerializeToString())
        stream.handled()


def message_from(command: command_pb2.Command) -> Message:
    """Return a command for a handler."""
    return Message(
        id=command.message_identifier,
        name=command.name,
        payload=payload_from(command.payload),
        metadata=metadata_from(command.meta_data),
        client_id=command.client_id,
        component_name=command.component_name,
    )
