"""The control stream of one client: introductions, acknowledgements, heartbeats, processor status.

Every message with an instruction id is acknowledged with that id; one of an unknown kind is
acknowledged as failed, with AXONIQ-1002. Messages without an id get no answer.
"""

from __future__ import annotations

from typing import Final

from ranvier.axon.errors import grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.proto import common_pb2, control_pb2
from ranvier.services.connected_client import ClientIdentity, ProcessorStatus, SegmentStatus
from ranvier.services.keep_clients import ConnectedClient, KeepClients
from ranvier.wire.grpc.server_call import ServerCall

QUEUED_BYTES: Final = 64 * 1024
"""Answers that wait for the client above which its messages are not read."""

UNSUPPORTED_INSTRUCTION: Final = "AXONIQ-1002"

HEARTBEAT: Final = control_pb2.PlatformOutboundInstruction(
    heartbeat=control_pb2.Heartbeat()
).SerializeToString()

RECONNECT: Final = control_pb2.PlatformOutboundInstruction(
    request_reconnect=control_pb2.RequestReconnect()
).SerializeToString()


class ControlStream:
    """Takes what one client says and passes on what the node has to say to it."""

    def __init__(self, call: ServerCall, keep_clients: KeepClients) -> None:
        """Let the node know of the stream; raises `NodeStopping`."""
        self._call = call
        self._keep_clients = keep_clients
        self._context = context_of(call)
        self._client: ConnectedClient | None = None
        keep_clients.opened(self)

    def message_received(self, message: bytes) -> None:
        """Take one instruction and acknowledge it if it has an id."""
        try:
            instruction = parsed(control_pb2.PlatformInboundInstruction, message)
            is_known = self._take(instruction)
        except RanvierError as error:
            self.close(error)
            return
        if instruction.instruction_id:
            self._call.send(acknowledgement(instruction.instruction_id, is_known=is_known))
            if self._call.queued_bytes > QUEUED_BYTES:
                self._call.pause_reading()

    def half_closed(self) -> None:
        """Let the client go."""
        self._disconnect()
        self._call.finish()

    def writable(self) -> None:
        """Read on: the client has taken its answers."""
        self._call.resume_reading()

    def cancelled(self) -> None:
        """Forget the client: its connection or stream is gone."""
        self._disconnect()

    def send_heartbeat(self) -> None:
        """Ask the client for a sign of life; not while it leaves earlier messages unread."""
        if self._call.queued_bytes <= QUEUED_BYTES:
            self._call.send(HEARTBEAT)

    def ask_to_reconnect(self) -> None:
        """Ask the client to look for a node again."""
        self._call.send(RECONNECT)

    def close(self, error: RanvierError) -> None:
        """End the stream and tell why."""
        self._disconnect()
        self._call.finish(grpc_error(error))

    def _take(self, instruction: control_pb2.PlatformInboundInstruction) -> bool:
        """Act on an instruction; tell whether it is of a known kind."""
        kind = instruction.WhichOneof("request")
        if kind == "register":
            self._register(instruction.register)
        elif self._client is not None:
            self._keep_clients.heard_from(self._client)
            if kind == "event_processor_info":
                self._keep_clients.processor_reported(
                    self._client, processor_status(instruction.event_processor_info)
                )
        return kind is not None

    def _register(self, introduction: control_pb2.ClientIdentification) -> None:
        self._disconnect()
        identity = ClientIdentity(
            introduction.client_id,
            introduction.component_name,
            introduction.version,
            dict(introduction.tags),
        )
        self._client = self._keep_clients.connect(identity, self._context, self)

    def _disconnect(self) -> None:
        self._keep_clients.forget(self)
        client, self._client = self._client, None
        if client is not None:
            self._keep_clients.disconnect(client)


def acknowledgement(instruction_id: str, *, is_known: bool) -> bytes:
    """Return the answer to an instruction with this id."""
    ack = common_pb2.InstructionAck(instruction_id=instruction_id, success=is_known)
    if not is_known:
        ack.error.error_code = UNSUPPORTED_INSTRUCTION
        ack.error.message = "This node does not know the instruction; it was ignored."
    return control_pb2.PlatformOutboundInstruction(ack=ack).SerializeToString()


def processor_status(info: control_pb2.EventProcessorInfo) -> ProcessorStatus:
    """Return what a client tells of one of its event processors."""
    return ProcessorStatus(
        name=info.processor_name,
        token_store_identifier=info.token_store_identifier,
        mode=info.mode,
        active_threads=info.active_threads,
        available_threads=info.available_threads,
        is_running=info.running,
        is_error=info.error,
        is_streaming=info.is_streaming_processor,
        load_balancing_strategy=info.load_balancing_strategy_name,
        segments=tuple(
            SegmentStatus(
                segment_id=segment.segment_id,
                one_part_of=segment.one_part_of,
                token_position=segment.token_position,
                is_caught_up=segment.caught_up,
                is_replaying=segment.replaying,
                error_state=segment.error_state,
            )
            for segment in info.segment_status
        ),
    )
