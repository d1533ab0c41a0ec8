"""One query that a handler of another node has been given, where its caller is."""

from __future__ import annotations

from typing import Final, Protocol

from google.protobuf.message import DecodeError

from ranvier.mesh.call_elsewhere import CallElsewhere
from ranvier.mesh.limits import STREAMS
from ranvier.messages.errors import MessageError, QueryHandlerLost, QueueFull
from ranvier.messages.told_errors import QUERY_ERRORS, told_error
from ranvier.proto import query_pb2
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs

reply_from_bytes: Final = mesh_pb2.QueryReply.FromString
response_from_bytes: Final = query_pb2.QueryResponse.FromString


class AskingLink(Protocol):
    """The way on which the query went."""

    queries: RouteQueries
    stream: QueryStream | None

    @property
    def is_crowded(self) -> bool:
        """Whether the other node takes no more calls now, although it is there."""
        ...

    def ended(self, query_id: str, call: AskedElsewhere) -> bool:
        """Forget the call; False if nobody waits for what it tells."""
        ...


class AskedElsewhere(CallElsewhere):
    """Takes what the handler's node sends; all callbacks are synchronous."""

    __slots__ = ("_link",)

    def __init__(self, link: AskingLink, query_id: str) -> None:
        super().__init__(query_id)
        self._link = link

    def message_received(self, message: bytes) -> None:
        """Hand on one thing that the handler, or its node, said."""
        stream, dispatch = self._link.stream, self._link.queries.dispatch
        if stream is None:
            return
        try:
            reply = reply_from_bytes(message)
            kind = reply.WhichOneof("reply")
            if kind == "result":
                result = reply.result
                is_error = bool(response_from_bytes(result).error_code)
                dispatch.result(stream, self._query_id, result, is_error=is_error)
            elif kind == "unsent":
                self._returned(stream)
            elif kind == "failure":
                error = told_error(reply.failure.code, reply.failure.text, QUERY_ERRORS)
                self._failed(stream, error)
        except DecodeError:
            self._failed(stream, None)
            self.cancel()

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error says all
        """Tell how the call ended, unless all was told before."""
        stream, link = self._link.stream, self._link
        if stream is None:
            return
        if error is None:
            if link.ended(self._query_id, self):
                link.queries.dispatch.completed(stream, self._query_id)
        elif not error.is_unprocessed:
            self._failed(stream, None)
        elif link.is_crowded:
            self._failed(stream, QueueFull(STREAMS, "queries"))
        else:
            self._returned(stream)

    def _returned(self, stream: QueryStream) -> None:
        if self._link.ended(self._query_id, self):
            self._link.queries.dispatch.returned_unsent(stream, self._query_id)

    def _failed(self, stream: QueryStream, error: MessageError | None) -> None:
        """Pass an error on; where none is known the handler counts as lost."""
        if self._link.ended(self._query_id, self) and stream.handler is not None:
            lost = error or QueryHandlerLost(stream.handler.client_id)
            self._link.queries.dispatch.failed(stream, self._query_id, lost)
