"""CommandService: handlers open streams, callers dispatch."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ranvier.axon.command_dispatch import CommandDispatch
from ranvier.axon.command_stream import CommandStream, HandlerSources
from ranvier.axon.errors import grpc_error, refuse_large_message
from ranvier.errors import RanvierError
from ranvier.wire.grpc.methods import Method, streaming, unary_callback
from ranvier.wire.grpc.server_call import ServerCall

COMMAND_SERVICE: Final = "io.axoniq.axonserver.grpc.command.CommandService"

logger = logging.getLogger("ranvier.axon")


@dataclass(frozen=True, slots=True)
class CommandServices:
    """What the calls of the command service work with."""

    handlers: HandlerSources
    dispatch: CommandDispatch

    def open_stream(self, call: ServerCall) -> CommandStream:
        """Return the listener of a handler's new stream; refused while the node stops."""
        try:
            return CommandStream(call, self.handlers)
        except RanvierError as error:
            raise grpc_error(error) from None

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by their short names."""
        return {
            "OpenStream": streaming(self.open_stream, oversized=drop_large_response),
            "Dispatch": unary_callback(self.dispatch.dispatch, oversized=refuse_large_message),
        }


def drop_large_response(call: ServerCall, byte_count: int) -> None:
    """Drop what is too long: the handler and its other commands need not go down with it.

    Which command it answers is not known; its caller is told by 4002 when its time is over.
    """
    logger.warning(
        "A message of %d bytes from a command handler at %s was dropped; the limit is %d.",
        byte_count,
        call.peer,
        call.host.limits.message_bytes_in,
    )
