"""A subscription query at its caller: one answer now, and updates as they come."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, Generic, TypeVar

from ranvier.client.codec import Codec
from ranvier.client.error_mapping import error_from_answer, error_from_grpc
from ranvier.client.errors import ConnectionLost, HubError, QueryFailed
from ranvier.client.payload import payload_from
from ranvier.client.signal import Signal
from ranvier.proto import query_pb2
from ranvier.wire.grpc.outgoing_call import OutgoingCall
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs

R = TypeVar("R")
U = TypeVar("U")

UPDATES_AHEAD: Final = 1_024
"""Updates that the server may send before they are read; what is not read waits there."""


class LiveQuery(Generic[R, U]):
    """`await initial_result()` for the answer, `async for` the updates; in any order.

    The updates end when the handler completes them. They end by QueryFailed if it says so, and by
    ConnectionLost with the connection: updates may have been missed then, so ask anew.
    """

    def __init__(
        self,
        codec: Codec,
        request: query_pb2.QueryRequest,
        types: tuple[Any, Any],
        updates_ahead: int = UPDATES_AHEAD,
    ) -> None:
        self._codec = codec
        self._request = request
        self._result_type, self._update_type = types
        self._updates_ahead = updates_ahead
        self._refill_at = max(updates_ahead // 4, 1)
        self._taken = 0
        self._call: OutgoingCall | None = None
        self._initial: query_pb2.QueryResponse | None = None
        self._updates: deque[query_pb2.QueryUpdate] = deque()
        self._error: HubError | None = None
        self._is_over = False
        self._changed = Signal()

    def opened(self, call: OutgoingCall) -> None:
        """Grant permits, subscribe, then ask, in this order: no update is missed."""
        self._call = call
        self._grant(self._updates_ahead)
        self._send(subscribe=self._subscription())
        self._send(get_initial_result=self._subscription())

    def close(self) -> None:
        """Unsubscribe."""
        if self._call is not None:
            self._send(unsubscribe=self._subscription())
            self._call.half_close()
            self._call = None
        self._is_over = True
        self._changed.give()

    async def initial_result(self) -> R:
        """Return what the handler answers to the query itself; QueryFailed if it fails."""
        while self._initial is None:
            if self._error is not None:
                raise self._error
            if self._is_over:
                raise ConnectionLost("the subscription query ended without an initial result")
            await self._changed.wait()
        response = self._initial
        if response.error_code:
            raise error_from_answer(response.error_code, response.error_message, QueryFailed)
        result: R = self._codec.decode(payload_from(response.payload), self._result_type)
        return result

    def __aiter__(self) -> LiveQuery[R, U]:
        return self

    async def __anext__(self) -> U:
        while not self._updates:
            if self._error is not None:
                raise self._error
            if self._is_over:
                raise StopAsyncIteration
            await self._changed.wait()
        update = self._updates.popleft()
        self._refill()
        if update.error_code:
            raise error_from_answer(update.error_code, update.error_message, QueryFailed)
        value: U = self._codec.decode(payload_from(update.payload), self._update_type)
        return value

    # What the call tells.

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def message_received(self, message: bytes) -> None:
        """Keep what came for whoever waits for it."""
        response = query_pb2.SubscriptionQueryResponse.FromString(message)
        match response.WhichOneof("response"):
            case "initial_result":
                self._initial = self._initial or response.initial_result
            case "update":
                self._take_update(response.update)
            case "complete":
                self._is_over = True
            case "complete_exceptionally":
                end = response.complete_exceptionally
                self._error = error_from_answer(end.error_code, end.error_message, QueryFailed)
        self._changed.give()

    def writable(self) -> None:
        """Do nothing: little is sent."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """Wake all who wait."""
        if error is not None and not self._is_over and self._error is None:
            self._error = error_from_grpc(error)
        self._is_over = True
        self._call = None
        self._changed.give()

    def _take_update(self, update: query_pb2.QueryUpdate) -> None:
        # Twice the grant: what is read is granted anew by quarters, so it is never exceeded.
        if len(self._updates) < 2 * self._updates_ahead:
            self._updates.append(update)
        elif self._error is None:
            self._error = QueryFailed("the server sends more updates than it was granted")
            if self._call is not None:
                self._call.cancel()

    def _refill(self) -> None:
        self._taken += 1
        if self._taken >= self._refill_at:
            permits, self._taken = self._taken, 0
            self._grant(permits)

    def _grant(self, permits: int) -> None:
        self._send(
            flow_control=query_pb2.SubscriptionQuery(
                subscription_identifier=self._request.message_identifier,
                number_of_permits=permits,
            )
        )

    def _send(self, **what: query_pb2.SubscriptionQuery) -> None:
        if self._call is not None:
            self._call.send(query_pb2.SubscriptionQueryRequest(**what).SerializeToString())

    def _subscription(self) -> query_pb2.SubscriptionQuery:
        return query_pb2.SubscriptionQuery(
            subscription_identifier=self._request.message_identifier,
            query_request=self._request,
        )
