"""How a handler of commands speaks on its stream."""

from __future__ import annotations

from typing import Final

from ranvier.client.handler_stream import Subscription
from ranvier.client.settings import ClientIdentity
from ranvier.proto import command_pb2, common_pb2

COMMAND_SERVICE: Final = "io.axoniq.axonserver.grpc.command.CommandService"

Outbound = command_pb2.CommandProviderOutbound
Inbound = command_pb2.CommandProviderInbound


class CommandDialect:
    """Messages of `CommandService.OpenStream`."""

    service = COMMAND_SERVICE

    def __init__(self, identity: ClientIdentity) -> None:
        self._identity = identity

    def parse(self, message: bytes) -> tuple[str, Inbound]:
        """Return the kind of a message, empty if it is unknown, and the message."""
        inbound = Inbound.FromString(message)
        return inbound.WhichOneof("request") or "", inbound

    def subscribe(self, subscription: Subscription, instruction_id: str) -> bytes:
        """Offer a handler, with its share of the work."""
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
    ) -> command_pb2.CommandSubscription:
        return command_pb2.CommandSubscription(
            message_id=message_id,
            command=subscription.name,
            component_name=self._identity.component_name,
            client_id=self._identity.client_id,
            load_factor=subscription.load_factor,
        )
