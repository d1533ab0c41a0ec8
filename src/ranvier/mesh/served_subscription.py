"""One subscription query of another node's client at a handler of this node."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from ranvier.errors import RanvierError
from ranvier.messages.errors import MessageOverLimit, UpdatesNotTaken
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.forwarded_subscriptions import ForwardedSubscriptions, ToldHandler
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

SubscriptionReply = mesh_pb2.SubscriptionReply
request_from_bytes: Final = mesh_pb2.SubscriptionCall.FromString

UNSENT: Final = SubscriptionReply(unsent=True).SerializeToString()

UPDATE_BYTES_WAITING_MAX: Final = 1024 * 1024
"""Updates of one handler that may wait for the other node, beside one longer message."""

BROKEN: Final = GrpcError(StatusCode.INVALID_ARGUMENT, "the message is no SubscriptionCall")


class ServedSubscription:
    """Takes what the asking node says and sends it what the handler says."""

    __slots__ = ("_call", "_forwarded", "_longest_bytes", "_sent_count", "_told")

    def __init__(
        self, call: ServerCall, forwarded: ForwardedSubscriptions, longest_bytes: int
    ) -> None:
        """`longest_bytes` is what a query may have to be sent to a client of this node."""
        self._call = call
        self._forwarded = forwarded
        self._longest_bytes = longest_bytes
        self._told: ToldHandler | None = None
        self._sent_count = 0

    def message_received(self, message: bytes) -> None:
        """Tell the handler; later messages ask it for initial results."""
        try:
            request = request_from_bytes(message)
        except DecodeError:
            self.cancelled()
            self._call.finish(BROKEN)
            return
        kind = request.WhichOneof("request")
        if kind == "subscribe" and self._told is None:
            self._subscribe(request.subscribe)
        elif kind == "initial" and self._told is not None:
            self._told.ask_initial(request.initial)

    def half_closed(self) -> None:
        """Do nothing: the asking node ends the call by a cancel."""

    def writable(self) -> None:
        """Do nothing."""

    def cancelled(self) -> None:
        """Let the handler know that nobody hears it any more."""
        told, self._told = self._told, None
        if told is not None:
            told.close()

    def update(self, data: bytes) -> None:
        """Send an update; one too many ends the subscription query."""
        if self._call.queued_bytes > UPDATE_BYTES_WAITING_MAX:
            self.end(UpdatesNotTaken(self._sent_count))
        else:
            self._sent_count += 1
            self._call.send(SubscriptionReply(update=data).SerializeToString())

    def initial_result(self, data: bytes, *, is_error: bool) -> None:
        """Send an initial result."""
        reply = (
            SubscriptionReply(failed_initial=data) if is_error else SubscriptionReply(initial=data)
        )
        self._call.send(reply.SerializeToString())

    def completed(self, data: bytes) -> None:
        """Send what the handler said last, and end the call."""
        self._call.send(SubscriptionReply(completed=data).SerializeToString())
        self.end()

    def return_unsent(self) -> None:
        """Say that the handler is not there, and end the call."""
        self._call.send(UNSENT)
        self._call.finish()

    def end(self, error: RanvierError | None = None) -> None:
        """End the call."""
        if error is not None:
            failure = mesh_pb2.ToldFailure(code=error.code, text=str(error))
            self._call.send(SubscriptionReply(failure=failure).SerializeToString())
        self.cancelled()
        self._call.finish()

    def _subscribe(self, subscribe: mesh_pb2.SubscriptionForHandler) -> None:
        size = len(subscribe.subscription)
        try:
            if size > self._longest_bytes:
                raise MessageOverLimit(size, self._longest_bytes)
            self._told = self._forwarded.open(
                subscribe.stream_id, subscribe.query_id, subscribe.subscription, self
            )
        except RanvierError as error:
            self.end(error)
