"""How a handler of queries speaks on its stream."""

from __future__ import annotations

from typing import Final

from ranvier.client.handler_stream import Subscription
from ranvier.client.settings import ClientIdentity
from ranvier.proto import common_pb2, query_pb2

QUERY_SERVICE: Final = "io.axoniq.axonserver.grpc.query.QueryService"

Outbound = query_pb2.QueryProviderOutbound
Inbound = query_pb2.QueryProviderInbound


class QueryDialect:
    """Messages of `QueryService.OpenStream`."""

    service = QUERY_SERVICE

    def __init__(self, identity: ClientIdentity) -> None:
        self._identity = identity

    def parse(self, message: bytes) -> tuple[str, Inbound]:
        """Return the kind of a message, empty if it is unknown, and the message."""
        inbound = Inbound.FromString(message)
        return inbound.WhichOneof("request") or "", inbound

    def subscribe(self, subscription: Subscription, instruction_id: str) -> bytes:
        """Offer a handler."""
        return Outbound(
            subscribe=self._subscription(subscription, instruction_id),
            instruction_id=instruction_id,
        ).SerializeToString()

    def unsubscribe(self, subscription: Subscription, instruction_id: str) -> bytes:
        """Withdraw a handler."""
        return Outbound(
            unsubscribe=self._subscription(subscription, instruction_id),
            instruction_id=instruction_id,
        ).SerializeToString()

    def flow_control(self, permits: int) -> bytes:
        """Grant permits."""
        return Outbound(
            flow_control=common_pb2.FlowControl(client_id=self._identity.client_id, permits=permits)
        ).SerializeToString()

    def acknowledge(self, ack: common_pb2.InstructionAck) -> bytes:
        """Acknowledge an instruction."""
        return Outbound(ack=ack).SerializeToString()

    def _subscription(
        self, subscription: Subscription, message_id: str
    ) -> query_pb2.QuerySubscription:
        return query_pb2.QuerySubscription(
            message_id=message_id,
            query=subscription.name,
            result_name=subscription.result_name,
            component_name=self._identity.component_name,
            client_id=self._identity.client_id,
        )
