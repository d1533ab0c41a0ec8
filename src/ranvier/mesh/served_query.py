"""One query that another node asks of a handler of this node."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from ranvier.errors import RanvierError
from ranvier.messages.errors import MessageOverLimit, QueueFull
from ranvier.messages.query_fan_in import QueryResult
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.dispatch_queries import DispatchQueries
from ranvier.services.running_query import AskedQuery, QueryHints, RunningQuery
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

QueryReply = mesh_pb2.QueryReply
request_from_bytes: Final = mesh_pb2.QueryCall.FromString

UNSENT: Final = QueryReply(unsent=True).SerializeToString()

RESULT_BYTES_WAITING_MAX: Final = 8 * 1024 * 1024
"""Results of one query that may wait for the other node, beside one longer one; with more the
query ends alone."""

BROKEN: Final = GrpcError(StatusCode.INVALID_ARGUMENT, "the message is no QueryCall")


class ServedQuery:
    """Takes what the asking node says and sends it what the handler says."""

    __slots__ = ("_call", "_dispatch", "_longest_bytes", "_running")

    def __init__(self, call: ServerCall, dispatch: DispatchQueries, longest_bytes: int) -> None:
        """`longest_bytes` is what a query may have to be sent to a client of this node."""
        self._call = call
        self._dispatch = dispatch
        self._longest_bytes = longest_bytes
        self._running: RunningQuery | None = None

    def message_received(self, message: bytes) -> None:
        """Give the query to its handler; let later messages grant results."""
        try:
            request = request_from_bytes(message)
        except DecodeError:
            self.cancelled()
            self._call.finish(BROKEN)
            return
        kind = request.WhichOneof("request")
        if kind == "ask":
            self._ask(request.ask)
        elif kind == "demand" and self._running is not None:
            self._dispatch.demand(self._running, request.demand)

    def half_closed(self) -> None:
        """Do nothing: no more demand follows."""

    def writable(self) -> None:
        """Do nothing."""

    def cancelled(self) -> None:
        """Let the handler know that nobody waits any more."""
        running, self._running = self._running, None
        if running is not None:
            self._dispatch.cancel(running)

    def take(self, result: QueryResult) -> None:
        """Send one result."""
        if isinstance(result, bytes):
            if self._call.queued_bytes > RESULT_BYTES_WAITING_MAX:
                self.cancelled()
                self._fail(QueueFull(RESULT_BYTES_WAITING_MAX, "bytes of results"))
                self._call.finish()
            else:
                self._call.send(QueryReply(result=result).SerializeToString())
        else:
            self._fail(result)

    def end(self, error: RanvierError | None = None) -> None:
        """End the call."""
        self._running = None
        if error is not None:
            self._fail(error)
        self._call.finish()

    def return_unsent(self) -> None:
        """Let the asking node look for another handler."""
        self._running = None
        self._call.send(UNSENT)
        self._call.finish()

    def _ask(self, ask: mesh_pb2.QueryForHandler) -> None:
        if len(ask.query) > self._longest_bytes:
            self.end(MessageOverLimit(len(ask.query), self._longest_bytes))
            return
        hints = QueryHints(ask.priority, ask.time_left_ms)
        query = AskedQuery(
            ask.context, ask.query_id, ask.name, ask.query, dict, lambda: hints, ask.is_streaming
        )
        self._running = self._dispatch.serve(query, ask.stream_id, self)

    def _fail(self, error: RanvierError) -> None:
        failure = mesh_pb2.ToldFailure(code=error.code, text=str(error))
        self._call.send(QueryReply(failure=failure).SerializeToString())
