"""Subscription: one subscription query by one call, with its initial result and its updates."""

from __future__ import annotations

from typing import Final

from ranvier.axon.errors import grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.query_errors import initial_error
from ranvier.axon.query_request import metadata_reader, refuse_long
from ranvier.axon.request_context import context_of
from ranvier.axon.sole_field import sole_field
from ranvier.errors import RanvierError
from ranvier.messages.errors import NotSubscribed, SubscribedAlready
from ranvier.messages.permits import Permits
from ranvier.messages.query_fan_in import QueryResult
from ranvier.proto import query_pb2
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.open_subscription import OpenSubscription, SubscriptionRequest
from ranvier.services.subscription_queries import SubscriptionQueries
from ranvier.wire.grpc.server_call import ServerCall

ROOM_BYTES: Final = 64 * 1024
"""What may wait for a caller that does not read before updates wait in the query's own queue."""


class SubscriptionQueryCall:
    """Takes what the caller says of his subscription query, and sends him what comes of it."""

    __slots__ = ("_call", "_context", "_permits", "_subscription", "_subscriptions")

    def __init__(
        self, call: ServerCall, subscriptions: SubscriptionQueries, contexts: ContextKinds
    ) -> None:
        """Raises `UnknownContext`."""
        self._call = call
        self._subscriptions = subscriptions
        self._context = context_of(call)
        contexts.expect_known(self._context)
        self._permits = Permits()
        self._subscription: OpenSubscription | None = None
        call.start()

    def message_received(self, message: bytes) -> None:
        """Take one request; one that cannot be done ends the call."""
        try:
            refuse_long(self._call, message)
            request = parsed(query_pb2.SubscriptionQueryRequest, message)
            match request.WhichOneof("request"):
                case "flow_control":
                    self._grant(request.flow_control.number_of_permits)
                case "subscribe":
                    self._subscribe(request.subscribe, message)
                case "get_initial_result":
                    self._ask_initial(request.get_initial_result, message)
                case "unsubscribe":
                    self.half_closed()
        except RanvierError as error:
            self._close()
            self._call.finish(grpc_error(error))

    def half_closed(self) -> None:
        """End the subscription query: its caller wants no more."""
        self._close()
        self._call.finish()

    def writable(self) -> None:
        """Send what waits: the caller has read."""
        if self._subscription is not None:
            self._subscriptions.send_waiting(self._subscription)

    def cancelled(self) -> None:
        """End the subscription query: its caller has gone."""
        self._close()

    @property
    def has_room(self) -> bool:
        """Whether the caller reads what he is sent."""
        return self._call.queued_bytes < ROOM_BYTES

    def send(self, data: bytes) -> None:
        """Pass on what a handler has sent."""
        self._call.send(data)
        if self._call.is_done:  # another node takes longer messages than this one may send
            self._close()

    def send_initial(self, query_id: str, result: QueryResult) -> None:
        """Pass on an initial result, or tell of the node's error in its place."""
        if isinstance(result, bytes):
            self.send(result)
        else:
            self._call.send(initial_error(query_id, result).SerializeToString())

    def end(self, error: RanvierError | None = None) -> None:
        """End the call: OK, or an error."""
        self._subscription = None
        self._call.finish(None if error is None else grpc_error(error))

    def _grant(self, count: int) -> None:
        if self._subscription is not None:
            self._subscriptions.granted(self._subscription, count)
        elif count > 0:
            self._permits.grant(count)

    def _subscribe(self, asked: query_pb2.SubscriptionQuery, message: bytes) -> None:
        if self._subscription is not None:
            raise SubscribedAlready(self._subscription.request.query_id)
        self._grant(asked.number_of_permits)
        query = asked.query_request
        request = SubscriptionRequest(
            self._context,
            asked.subscription_identifier,
            query.query,
            query.component_name,
            sole_field(message)[1] or asked.SerializeToString(),
            metadata_reader(query),
        )
        self._subscription = self._subscriptions.subscribe(request, self._permits, self)

    def _ask_initial(self, asked: query_pb2.SubscriptionQuery, message: bytes) -> None:
        if self._subscription is None:
            raise NotSubscribed
        data = sole_field(message)[1] or asked.SerializeToString()
        self._subscriptions.ask_initial(self._subscription, data)

    def _close(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._subscriptions.close(subscription)
