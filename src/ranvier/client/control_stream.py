"""The control stream: introduction, acknowledgements, heartbeats both ways, instructions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ranvier.client.settings import ClientIdentity, HeartbeatSettings
from ranvier.proto import common_pb2, control_pb2
from ranvier.wire.grpc.outgoing_call import OutgoingCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.headers import HeaderPairs

LOG = logging.getLogger("ranvier.client")

Instruction = control_pb2.PlatformOutboundInstruction
InstructionHandler = Callable[[Instruction], None]
"""Acts on one instruction; it is acknowledged already, and what it raises is logged."""

UNSUPPORTED_INSTRUCTION: Final = "AXONIQ-1002"
UNDERSTOOD: Final = frozenset({"node_notification", "request_reconnect", "heartbeat", "ack"})
QUEUED_BYTES: Final = 64 * 1024
"""Answers that wait for the server above which its instructions are not read."""

HEARTBEAT: Final = control_pb2.PlatformInboundInstruction(
    heartbeat=control_pb2.Heartbeat()
).SerializeToString()


@dataclass(frozen=True, slots=True)
class Break:
    """Why a connection is given up."""

    reason: str
    status: StatusCode | None = None
    is_dead: bool = False
    """Nothing comes any more: calls that run are not waited for."""
    keeps_channel: bool = False
    """The old channel serves until there is a new one: the server asked to reconnect."""


class ControlStream:
    """One control stream; `over` becomes the reason once the connection is to be given up."""

    def __init__(
        self,
        identity: ClientIdentity,
        heartbeats: HeartbeatSettings,
        handlers: dict[str, InstructionHandler],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[Break] = self._loop.create_future()
        self._identity = identity
        self._heartbeats = heartbeats
        self._handlers = handlers
        self._call: OutgoingCall | None = None
        self._next_beat: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._beats = 0

    def opened(self, call: OutgoingCall) -> None:
        """Introduce the client on a call that has just been opened."""
        self._call = call
        self.send(control_pb2.PlatformInboundInstruction(register=self._identity.introduction()))
        self._plan_beat()

    def send(self, instruction: control_pb2.PlatformInboundInstruction) -> None:
        """Queue a message for the server; nothing once the stream is over."""
        if self._call is not None:
            self._call.send(instruction.SerializeToString())

    def close(self) -> None:
        """Take leave: no further message follows."""
        self._stop_timers()
        if self._call is not None:
            self._call.half_close()

    # What the call tells.

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def message_received(self, message: bytes) -> None:
        """Take one instruction, and acknowledge it if it has an id."""
        instruction = Instruction.FromString(message)
        kind = instruction.WhichOneof("request") or ""
        if kind == "ack":
            self._is_alive()
            return
        handler = self._handlers.get(kind)
        if instruction.instruction_id:
            self._acknowledge(
                instruction.instruction_id, is_known=kind in UNDERSTOOD or handler is not None
            )
        if kind == "heartbeat":
            self._beat_back()
        elif kind == "request_reconnect":
            self._give_up(Break("the server asks to reconnect", keeps_channel=True))
        elif handler is not None:
            self._hand_on(handler, instruction)

    def writable(self) -> None:
        """Read on: the server has taken its answers."""
        if self._call is not None:
            self._call.resume_reading()

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """Give the connection up."""
        self._call = None
        if error is None:
            self._give_up(Break("the server has ended the control stream"))
        else:
            self._give_up(Break(str(error), error.status))

    def _hand_on(self, handler: InstructionHandler, instruction: Instruction) -> None:
        try:
            handler(instruction)
        except Exception:  # a handler's fault is no reason to lose the connection
            LOG.exception("an instruction of the server failed")

    def _acknowledge(self, instruction_id: str, *, is_known: bool) -> None:
        ack = common_pb2.InstructionAck(instruction_id=instruction_id, success=is_known)
        if not is_known:
            ack.error.error_code = UNSUPPORTED_INSTRUCTION
            ack.error.message = "This client does not know the instruction; it was ignored."
            ack.error.location = self._identity.client_id
        self.send(control_pb2.PlatformInboundInstruction(ack=ack))
        self._hold_back()

    def _beat_back(self) -> None:
        if self._call is not None and self._call.queued_bytes <= QUEUED_BYTES:
            self._call.send(HEARTBEAT)

    def _hold_back(self) -> None:
        if self._call is not None and self._call.queued_bytes > QUEUED_BYTES:
            self._call.pause_reading()

    # Heartbeats of our own.

    def _plan_beat(self) -> None:
        if self._heartbeats.interval_seconds is not None:
            self._next_beat = self._loop.call_later(self._heartbeats.interval_seconds, self._beat)

    def _beat(self) -> None:
        self._beats += 1
        self.send(
            control_pb2.PlatformInboundInstruction(
                heartbeat=control_pb2.Heartbeat(), instruction_id=f"heartbeat-{self._beats}"
            )
        )
        if self._patience is None:
            self._patience = self._loop.call_later(self._heartbeats.timeout_seconds, self._lost)
        self._plan_beat()

    def _is_alive(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lost(self) -> None:
        seconds = self._heartbeats.timeout_seconds
        self._give_up(
            Break(
                f"no heartbeat was acknowledged for {seconds:g} seconds",
                StatusCode.UNAVAILABLE,
                is_dead=True,
            )
        )

    def _give_up(self, reason: Break) -> None:
        self._stop_timers()
        if not self.over.done():
            self.over.set_result(reason)

    def _stop_timers(self) -> None:
        for timer in (self._next_beat, self._patience):
            if timer is not None:
                timer.cancel()
