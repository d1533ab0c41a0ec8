"""Calls about a persistent stream that another node owns: handed on to it as they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from ranvier.axon.errors import ERROR_CODE_TRAILER, grpc_error
from ranvier.errors import RanvierError
from ranvier.events.streams.errors import StreamOwnedElsewhere
from ranvier.wire.grpc.outgoing_call import AnswerListener, OutgoingCall
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs

QUEUED_BYTES: Final = 64 * 1024
"""On their way in one direction above which no more is read from the other side."""


class StreamOwners(Protocol):
    """The other nodes, as those that own streams."""

    def open(
        self, node_id: str, method: str, context: str, listener: AnswerListener
    ) -> OutgoingCall | None:
        """Make a call of `PersistentStreamService` to a node; None where there is no way to it."""


class NoOwners:
    """No other node can be reached."""

    def open(
        self,
        node_id: str,  # noqa: ARG002  # none can
        method: str,  # noqa: ARG002  # none can
        context: str,  # noqa: ARG002  # none can
        listener: AnswerListener,  # noqa: ARG002  # none can
    ) -> OutgoingCall | None:
        """Return None."""
        return None


class RelayedStream:
    """One client's call at this node and its continuation at the owner; it knows no message.

    `lost` is what the client is told when the owner goes without a word; `again` is called instead
    where the owner had not begun to answer.
    """

    def __init__(
        self, call: ServerCall, lost: RanvierError, again: Callable[[RanvierError], None]
    ) -> None:
        self._call = call
        self._lost = lost
        self._again = again
        self._has_begun = False
        self.is_half_closed = False
        """Whether the client has said everything."""
        self._onward: OutgoingCall | None = None
        self._is_client_paused = False
        self._is_owner_paused = False

    def begin(self, onward: OutgoingCall, first: bytes) -> None:
        """Hand on the message that has opened the call."""
        self._onward = onward
        onward.send(first)

    # What the client does.

    def send(self, message: bytes) -> None:
        """Hand on what the client says."""
        onward = self._onward
        if onward is not None:
            onward.send(message)
            if onward.queued_bytes > QUEUED_BYTES and not self._is_client_paused:
                self._is_client_paused = True
                self._call.pause_reading()

    def half_close(self) -> None:
        """Hand on that the client has said everything."""
        self.is_half_closed = True
        if self._onward is not None:
            self._onward.half_close()

    def taken(self) -> None:
        """Read on: the client has taken what was on its way."""
        if self._is_owner_paused and self._onward is not None:
            self._is_owner_paused = False
            self._onward.resume_reading()

    def leave(self) -> None:
        """End the call at the owner: the client has gone."""
        if self._onward is not None:
            self._onward.cancel()

    # What the owner does.

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing: what clients need is in the messages."""

    def message_received(self, message: bytes) -> None:
        """Hand on what the owner says."""
        self._has_begun = True
        self._call.send(message)
        if self._call.queued_bytes > QUEUED_BYTES and not self._is_owner_paused:
            self._is_owner_paused = True
            if self._onward is not None:
                self._onward.pause_reading()

    def writable(self) -> None:
        """Read on: the owner has taken what was on its way."""
        if self._is_client_paused:
            self._is_client_paused = False
            self._call.resume_reading()

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """End the client's call as the owner has ended it, or look for another owner."""
        self._onward = None
        if error is not None and not self._has_begun and is_no_owner(error):
            self._again(self._lost)
        else:
            self._call.finish(told(error, self._lost))


class RelayedRequest:
    """One message and all that answers it, handed on."""

    def __init__(self, call: ServerCall) -> None:
        self._call = call
        self.ended = call.host.loop.create_future()
        """Has the error by which the owner has ended the call, or None."""

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing: what clients need is in the messages."""

    def message_received(self, message: bytes) -> None:
        """Hand on what the owner answers."""
        self._call.send(message)

    def writable(self) -> None:
        """Do nothing: there is one message only."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """Tell whoever waits."""
        if not self.ended.done():
            self.ended.set_result(error)


def is_no_owner(error: GrpcError) -> bool:
    """Tell whether an error comes of a lost link, or of a node that owns the stream no more."""
    code = dict(error.trailers).get(ERROR_CODE_TRAILER)
    return code in (None, StreamOwnedElsewhere.code.encode())


def told(error: GrpcError | None, lost: RanvierError) -> GrpcError | None:
    """Return what a client is told of how a call ended at the owner.

    An error that no node has given comes of a lost link: the client may try again.
    """
    if error is None or any(name == ERROR_CODE_TRAILER for name, _ in error.trailers):
        return error
    return grpc_error(lost)
