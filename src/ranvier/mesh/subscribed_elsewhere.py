"""One subscription query at a handler of another node, where its caller is."""

from __future__ import annotations

from typing import Final, Protocol

from google.protobuf.message import DecodeError

from ranvier.mesh.call_elsewhere import CallElsewhere
from ranvier.mesh.limits import STREAMS
from ranvier.messages.errors import TooManySubscriptionQueries
from ranvier.messages.told_errors import QUERY_ERRORS, told_error
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs

reply_from_bytes: Final = mesh_pb2.SubscriptionReply.FromString


class SubscribingLink(Protocol):
    """The way on which the subscription query went."""

    queries: RouteQueries
    stream: QueryStream | None

    @property
    def is_crowded(self) -> bool:
        """Whether the other node takes no more calls now, although it is there."""
        ...

    def subscription_ended(self, query_id: str, call: SubscribedElsewhere) -> bool:
        """Forget the call; False if nobody waits for what it tells."""
        ...


class SubscribedElsewhere(CallElsewhere):
    """Takes what the handler's node sends; all callbacks are synchronous."""

    __slots__ = ("_link",)

    def __init__(self, link: SubscribingLink, query_id: str) -> None:
        super().__init__(query_id)
        self._link = link

    def message_received(self, message: bytes) -> None:
        """Hand on one thing that the handler, or its node, said."""
        stream, subscriptions = self._link.stream, self._link.queries.subscriptions
        if stream is None:
            return
        try:
            reply = reply_from_bytes(message)
        except DecodeError:
            self.cancel()
            return
        query_id = self._query_id
        match reply.WhichOneof("reply"):
            case "update":
                subscriptions.update(stream, query_id, reply.update)
            case "initial":
                subscriptions.initial_result(stream, query_id, reply.initial, is_error=False)
            case "failed_initial":
                result = reply.failed_initial
                subscriptions.initial_result(stream, query_id, result, is_error=True)
            case "completed":
                if self._link.subscription_ended(query_id, self):
                    subscriptions.completed(stream, query_id, reply.completed)
            case "unsent":
                if self._link.subscription_ended(query_id, self):
                    subscriptions.gone(stream, query_id, was_told=False)
            case "failure":
                self._failed(stream, reply.failure)

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error says all
        """Take it that the handler says no more, unless all was told before."""
        link, stream, query_id = self._link, self._link.stream, self._query_id
        if stream is None or not link.subscription_ended(query_id, self):
            return
        if error is not None and error.is_unprocessed and link.is_crowded:
            crowded = TooManySubscriptionQueries(STREAMS, "calls to one node")
            link.queries.subscriptions.failed(stream, query_id, crowded)
        else:
            was_told = error is None or not error.is_unprocessed
            link.queries.subscriptions.gone(stream, query_id, was_told=was_told)

    def _failed(self, stream: QueryStream, failure: mesh_pb2.ToldFailure) -> None:
        if self._link.subscription_ended(self._query_id, self):
            error = told_error(failure.code, failure.text, QUERY_ERRORS)
            subscriptions = self._link.queries.subscriptions
            if error is None:
                subscriptions.gone(stream, self._query_id, was_told=True)
            else:
                subscriptions.failed(stream, self._query_id, error)
