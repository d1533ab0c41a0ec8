"""OpenStream: a client offers to answer queries, is sent them, and sends the results back."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from ranvier.axon.errors import BrokenMessage, InstructionUnknown, grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.query_request import query_for_handler
from ranvier.axon.request_context import context_of
from ranvier.axon.sole_field import framed, head_of, sole_field, wrapped
from ranvier.errors import RanvierError
from ranvier.messages.errors import InstructionRefused, NameTooLong
from ranvier.messages.subscriptions import NAME_LENGTH_MAX
from ranvier.proto import common_pb2, query_pb2
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.route_queries import RouteQueries
from ranvier.services.running_query import AskedQuery
from ranvier.wire.grpc.server_call import ServerCall

Outbound = query_pb2.QueryProviderOutbound
Inbound = query_pb2.QueryProviderInbound

ROOM_BYTES: Final = 256 * 1024
"""What may wait for a client that does not read before queries for it wait here instead."""

QUERY_RESPONSE: Final = Outbound.QUERY_RESPONSE_FIELD_NUMBER
QUERY_COMPLETE: Final = Outbound.QUERY_COMPLETE_FIELD_NUMBER
SUBSCRIPTION_RESPONSE: Final = Outbound.SUBSCRIPTION_QUERY_RESPONSE_FIELD_NUMBER

response_from_bytes = query_pb2.QueryResponse.FromString
complete_from_bytes = query_pb2.QueryComplete.FromString

query_head = head_of(Inbound.QUERY_FIELD_NUMBER)
framed_subscription = framed(Inbound.SUBSCRIPTION_QUERY_REQUEST_FIELD_NUMBER)
subscribing = wrapped(query_pb2.SubscriptionQueryRequest.SUBSCRIBE_FIELD_NUMBER)
asking_initial = wrapped(query_pb2.SubscriptionQueryRequest.GET_INITIAL_RESULT_FIELD_NUMBER)


class QueryHandlerStream:
    """Takes what one handler says, and is the services' way to it.

    Results, the hot path, pass as they came: only their ids and error codes are read.
    """

    def __init__(self, call: ServerCall, queries: RouteQueries, contexts: ContextKinds) -> None:
        """Let the node know of the stream; raises `NodeStopping`, `UnknownContext`."""
        self._call = call
        self._handlers = queries.handlers
        self._dispatch = queries.dispatch
        self._subscriptions = queries.subscriptions
        context = context_of(call)
        contexts.expect_known(context)
        self._stream = queries.handlers.opened(context, self)
        call.start()

    def message_received(self, message: bytes) -> None:
        """Take one message; one with an instruction id is acknowledged."""
        field, content = sole_field(message)
        try:
            if field == QUERY_RESPONSE:
                self._take_response(content)
            elif field == QUERY_COMPLETE:
                self._take_complete(content)
            elif field == SUBSCRIPTION_RESPONSE:
                self._take_subscription_response(content)
            else:
                self._take_any(parsed(Outbound, message))
        except RanvierError as error:
            self._handlers.closed(self._stream)
            self._call.finish(grpc_error(error))

    def half_closed(self) -> None:
        """Let the handler go."""
        self._handlers.closed(self._stream)
        self._call.finish()

    def writable(self) -> None:
        """Go on: the client has taken what was queued."""
        self._call.resume_reading()
        self._subscriptions.send_untold(self._stream)
        self._dispatch.send_waiting(self._stream)

    def cancelled(self) -> None:
        """Forget the handler: its connection or stream is gone."""
        self._handlers.closed(self._stream)

    # What the services send.

    @property
    def has_room(self) -> bool:
        """Whether the client reads what it is sent."""
        # Almost always nothing is queued; asking by way of the call takes 0.1 µs more.
        call = self._call
        return call.stream.queue is None or call.queued_bytes < ROOM_BYTES

    def send_query(self, query: AskedQuery, time_left_ms: int | None) -> None:
        """Send a query; the bytes of one that has not waited are those that came."""
        data = query_for_handler(query, time_left_ms)
        # Straight to HTTP/2, as the call has started: 0.2 µs less than by way of the call.
        self._call.stream.send_message(query_head(len(data)), data)

    def send_cancel(self, query_id: str) -> None:
        """Say that nobody wants the answer any more."""
        reference = query_pb2.QueryReference(request_id=query_id)
        self._call.send(Inbound(query_cancel=reference).SerializeToString())

    def send_demand(self, query_id: str, count: int) -> None:
        """Say that so many further results are wanted."""
        demand = query_pb2.QueryFlowControl(
            query_reference=query_pb2.QueryReference(request_id=query_id), permits=count
        )
        self._call.send(Inbound(query_flow_control=demand).SerializeToString())

    def send_subscribe(self, query_id: str, data: bytes) -> None:  # noqa: ARG002  # it is in the data
        """Open a subscription query at the client."""
        self._call.send_framed(framed_subscription(subscribing(data)))

    def send_initial_request(self, query_id: str, data: bytes) -> None:  # noqa: ARG002  # as above
        """Ask for the initial result of a subscription query."""
        self._call.send_framed(framed_subscription(asking_initial(data)))

    def send_unsubscribe(self, query_id: str) -> None:
        """End a subscription query at the client."""
        request = query_pb2.SubscriptionQueryRequest(
            unsubscribe=query_pb2.SubscriptionQuery(subscription_identifier=query_id)
        )
        self._call.send_framed(framed_subscription(request.SerializeToString()))

    def close(self, error: RanvierError | None) -> None:
        """End the stream and tell why."""
        self._call.finish(None if error is None else grpc_error(error))

    # What the client says.

    def _take_response(self, content: bytes) -> None:
        try:
            response = response_from_bytes(content)
        except DecodeError:
            raise BrokenMessage("QueryResponse") from None
        self._dispatch.result(
            self._stream, response.request_identifier, content, is_error=bool(response.error_code)
        )

    def _take_complete(self, content: bytes) -> None:
        try:
            complete = complete_from_bytes(content)
        except DecodeError:
            raise BrokenMessage("QueryComplete") from None
        self._dispatch.completed(self._stream, complete.request_id)

    def _take_subscription_response(self, content: bytes) -> None:
        response = parsed(query_pb2.SubscriptionQueryResponse, content)
        query_id = response.subscription_identifier
        match response.WhichOneof("response"):
            case "update":
                self._subscriptions.update(self._stream, query_id, content)
            case "initial_result":
                is_error = bool(response.initial_result.error_code)
                self._subscriptions.initial_result(
                    self._stream, query_id, content, is_error=is_error
                )
            case "complete" | "complete_exceptionally":
                self._subscriptions.completed(self._stream, query_id, content)

    def _take_any(self, message: query_pb2.QueryProviderOutbound) -> None:
        """Do what a message says, and acknowledge it where it has an id."""
        refusal: RanvierError | None = None
        try:
            self._do(message)
        except (InstructionRefused, InstructionUnknown) as error:
            refusal = error
        if message.instruction_id:
            self._acknowledge(message.instruction_id, refusal)

    def _do(self, message: query_pb2.QueryProviderOutbound) -> None:
        match message.WhichOneof("request"):
            case "subscribe":
                self._subscribe(message.subscribe)
            case "unsubscribe":
                offer = message.unsubscribe
                self._handlers.unsubscribe(self._stream, offer.query, offer.result_name)
            case "flow_control":
                self._dispatch.granted(self._stream, message.flow_control.permits)
            case "query_response":
                self._take_response(message.query_response.SerializeToString())
            case "query_complete":
                self._take_complete(message.query_complete.SerializeToString())
            case "subscription_query_response":
                response = message.subscription_query_response
                self._take_subscription_response(response.SerializeToString())
            case None:
                raise InstructionUnknown

    def _subscribe(self, offer: query_pb2.QuerySubscription) -> None:
        for text in (offer.client_id, offer.component_name, offer.result_name):
            if len(text) > NAME_LENGTH_MAX:
                raise NameTooLong(len(text), NAME_LENGTH_MAX)
        identity = (offer.client_id, offer.component_name)
        self._handlers.subscribe(self._stream, offer.query, identity, offer.result_name)

    def _acknowledge(self, instruction_id: str, refusal: RanvierError | None) -> None:
        ack = common_pb2.InstructionAck(instruction_id=instruction_id, success=refusal is None)
        if refusal is not None:
            ack.error.error_code = refusal.code
            ack.error.message = str(refusal)
        self._call.send(Inbound(ack=ack).SerializeToString())
        if not self.has_room:
            self._call.pause_reading()
