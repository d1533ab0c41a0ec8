"""One stream by which handlers offer themselves: subscriptions, acknowledgements, permits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ranvier.client.errors import InvalidRequest
from ranvier.client.handlers import Handler
from ranvier.client.signal import Signal
from ranvier.proto import common_pb2
from ranvier.wire.grpc.outgoing_call import OutgoingCall
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs

LOG = logging.getLogger("ranvier.client")

QUEUED_BYTES: Final = 256 * 1024
"""Answers that wait for the server above which no further work is taken from it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A name, and who handles what bears it."""

    name: str
    handler: Handler
    load_factor: int = 100
    result_name: str = ""


class Dialect(Protocol):
    """How commands or queries say what both need to say."""

    service: str

    def parse(self, message: bytes) -> tuple[str, Any]:
        """Return the kind of a message from the server, and the message."""

    def subscribe(self, subscription: Subscription, instruction_id: str) -> bytes:
        """Return the message that offers a handler."""

    def unsubscribe(self, subscription: Subscription, instruction_id: str) -> bytes:
        """Return the message that withdraws one."""

    def flow_control(self, permits: int) -> bytes:
        """Return the message that grants permits."""

    def acknowledge(self, ack: common_pb2.InstructionAck) -> bytes:
        """Return the message that acknowledges an instruction."""


Receive = Callable[["HandlerStream", str, Any], None]
"""Takes (stream, kind, message) of everything but acknowledgements."""


class HandlerStream:
    """Lives as long as its call; `permits` is what the server may send ahead of the handlers."""

    def __init__(
        self, dialect: Dialect, permits: int, receive: Receive, on_end: Callable[..., None]
    ) -> None:
        self._dialect = dialect
        self._permits = permits
        self._receive = receive
        self._on_end = on_end
        self._handled = 0
        self._in_work = 0
        self._is_leaving = False
        self._refill_at = max(permits // 4, 1)
        self._instructions = 0
        self._unacknowledged: dict[str, str] = {}
        self._call: OutgoingCall | None = None
        self.changed = Signal()
        """Given with every acknowledgement, when the server has taken answers, and at the end."""
        self.refusals: dict[str, str] = {}
        """Names whose subscription the server refused, and its words."""

    @property
    def is_open(self) -> bool:
        """Answers still reach the server."""
        return self._call is not None

    @property
    def is_acknowledged(self) -> bool:
        """The server has confirmed all that was asked of it."""
        return not self._unacknowledged

    def opened(self, call: OutgoingCall, subscriptions: list[Subscription]) -> None:
        """Grant the first permits and offer the handlers on a call that was just opened."""
        if call.is_done:
            return
        self._call = call
        self.send(self._dialect.flow_control(self._permits))
        for subscription in subscriptions:
            self.subscribe(subscription)

    def subscribe(self, subscription: Subscription) -> None:
        """Offer a handler."""
        self.send(self._dialect.subscribe(subscription, self._instruction(subscription.name)))

    def unsubscribe(self, subscription: Subscription) -> None:
        """Withdraw a handler; what it has begun is still answered."""
        self.send(self._dialect.unsubscribe(subscription, self._instruction(subscription.name)))

    def send(self, message: bytes) -> None:
        """Queue a message; once the stream is over it goes nowhere.

        Raises InvalidRequest for one that is too long, which would end the stream and with it all
        else that this client is working on.
        """
        call = self._call
        if call is not None:
            if len(message) > call.message_bytes_max:
                raise InvalidRequest(
                    f"a message of {len(message)} bytes is over the limit of"
                    f" {call.message_bytes_max} bytes"
                )
            call.send(message)
            if call.queued_bytes > QUEUED_BYTES:
                call.pause_reading()

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait for the server."""
        return 0 if self._call is None else self._call.queued_bytes

    def taken(self) -> None:
        """Count a message that took a permit and is now worked on."""
        self._in_work += 1

    def handled(self) -> None:
        """Count a message that is done; every quarter of the permits is granted anew."""
        self._in_work -= 1
        self._handled += 1
        if self._handled >= self._refill_at:
            granted, self._handled = self._handled, 0
            self.send(self._dialect.flow_control(granted))
        if self._is_leaving:
            self._leave_if_done()

    def leave(self, subscriptions: list[Subscription]) -> None:
        """Withdraw all handlers, and end the stream once what it brought is done."""
        self._is_leaving = True
        for subscription in subscriptions:
            self.unsubscribe(subscription)
        self._leave_if_done()

    def half_close(self) -> None:
        """Say that no further message follows."""
        if self._call is not None:
            self._call.half_close()

    # What the call tells.

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def message_received(self, message: bytes) -> None:
        """Hand a message on; one with an instruction id is acknowledged first."""
        kind, inbound = self._dialect.parse(message)
        if kind == "ack":
            self._take_acknowledgement(inbound.ack)
            return
        if inbound.instruction_id:
            ack = common_pb2.InstructionAck(
                instruction_id=inbound.instruction_id, success=bool(kind)
            )
            if not kind:
                ack.error.error_code = "AXONIQ-1002"
                ack.error.message = "This client does not know the instruction; it was ignored."
            self.send(self._dialect.acknowledge(ack))
        if kind:
            self._receive(self, kind, inbound)

    def writable(self) -> None:
        """Take further work: the server has taken its answers."""
        if self._call is not None:
            self._call.resume_reading()
        self.changed.give()

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """Tell the owner that the stream is over."""
        self._call = None
        self._unacknowledged.clear()
        self.changed.give()
        self._on_end(self, error)

    def _leave_if_done(self) -> None:
        if not (self._in_work or self._unacknowledged):
            self.half_close()

    def _instruction(self, name: str) -> str:
        self._instructions += 1
        instruction_id = f"handler-{self._instructions}"
        self._unacknowledged[instruction_id] = name
        return instruction_id

    def _take_acknowledgement(self, ack: common_pb2.InstructionAck) -> None:
        name = self._unacknowledged.pop(ack.instruction_id, None)
        if name is not None and not ack.success:
            self.refusals[name] = f"[{ack.error.error_code}] {ack.error.message}"
            LOG.error("the hub refuses handlers of %s: %s", name, self.refusals[name])
        self.changed.give()
        if self._is_leaving:
            self._leave_if_done()
