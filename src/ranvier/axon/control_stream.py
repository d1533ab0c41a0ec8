"""The control stream of one client: introductions, acknowledgements, heartbeats, processor status.

Every message with an instruction id is acknowledged with that id, as failed where it was of no
effect: AXONIQ-1002 for an unknown kind, 1003 for what only a registered client can say, 1004 for a
result that nobody waits for. Messages without an id get no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.axon.errors import InstructionUnknown, NotRegistered, grpc_error
from ranvier.axon.instructions import acknowledgement, client_answer, instruction_message
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.axon.topology_stream import TopologyStream
from ranvier.errors import RanvierError
from ranvier.messages.event_processor import ProcessorStatus, SegmentStatus
from ranvier.messages.processor_plans import Instruction
from ranvier.proto import control_pb2
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.errors import ResultLate
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.keep_clients import ConnectedClient, KeepClients
from ranvier.services.topology import Topology
from ranvier.wire.grpc.server_call import ServerCall

QUEUED_BYTES: Final = 64 * 1024
"""Answers that wait for the client above which its messages are not read."""

HEARTBEAT: Final = control_pb2.PlatformOutboundInstruction(
    heartbeat=control_pb2.Heartbeat()
).SerializeToString()

RECONNECT: Final = control_pb2.PlatformOutboundInstruction(
    request_reconnect=control_pb2.RequestReconnect()
).SerializeToString()


@dataclass(frozen=True, slots=True)
class ControlServices:
    """What all control streams of a node work with."""

    keep_clients: KeepClients
    instruct: InstructClients
    topology: Topology


class ControlStream:
    """Takes what one client says and passes on what the node has to say to it."""

    __slots__ = ("_call", "_client", "_context", "_services", "_topology")

    def __init__(self, call: ServerCall, services: ControlServices) -> None:
        """Let the node know of the stream; raises `NodeStopping`."""
        self._call = call
        self._services = services
        self._context = context_of(call)
        self._client: ConnectedClient | None = None
        self._topology: TopologyStream | None = None
        services.keep_clients.opened(self)

    def message_received(self, message: bytes) -> None:
        """Take one instruction and acknowledge it if it has an id."""
        try:
            instruction = parsed(control_pb2.PlatformInboundInstruction, message)
            refusal = self._take(instruction)
        except RanvierError as error:
            self.close(error)
            return
        if instruction.instruction_id:
            self._call.send(acknowledgement(instruction.instruction_id, refusal))
        # Without an id too: whoever only asks for the topology is sent much.
        if self._call.queued_bytes > QUEUED_BYTES:
            self._call.pause_reading()

    def half_closed(self) -> None:
        """Let the client go."""
        self._disconnect()
        self._call.finish()

    def writable(self) -> None:
        """Go on: the client has taken its answers."""
        self._call.resume_reading()
        if self._topology is not None:
            self._topology.writable()

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

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        """Send an instruction; one to a client that does not read is left without an outcome."""
        if self._call.queued_bytes <= QUEUED_BYTES:
            self._call.send(instruction_message(instruction, instruction_id))

    def close(self, error: RanvierError) -> None:
        """End the stream and tell why."""
        self._disconnect()
        self._call.finish(grpc_error(error))

    def _take(self, instruction: control_pb2.PlatformInboundInstruction) -> RanvierError | None:
        """Act on an instruction; return why it was of no effect, if it was."""
        kind = instruction.WhichOneof("request")
        if kind is None:
            return InstructionUnknown()
        if kind == "register":
            self._register(instruction.register)
        elif kind == "subscribe_topology_changes":
            self._watch_topology()
        elif kind == "unsubscribe_topology_changes":
            self._forget_topology()
        elif self._client is not None:
            self._services.keep_clients.heard_from(self._client)
            return self._take_from(self._client, kind, instruction)
        elif kind != "heartbeat":
            return NotRegistered()
        return None

    def _take_from(
        self,
        client: ConnectedClient,
        kind: str,
        instruction: control_pb2.PlatformInboundInstruction,
    ) -> RanvierError | None:
        services = self._services
        if kind == "event_processor_info":
            status = processor_status(instruction.event_processor_info)
            services.keep_clients.processor_reported(client, status)
        elif kind == "ack":
            services.instruct.acknowledged(client, client_answer(instruction.ack))
        elif kind == "result":
            try:
                services.instruct.completed(client, client_answer(instruction.result))
            except ResultLate as late:
                return late
        return None

    def _register(self, introduction: control_pb2.ClientIdentification) -> None:
        self._let_client_go()
        identity = ClientIdentity(
            introduction.client_id,
            introduction.component_name,
            introduction.version,
            dict(introduction.tags),
        )
        self._client = self._services.keep_clients.connect(identity, self._context, self)

    def _watch_topology(self) -> None:
        self._forget_topology()
        self._topology = TopologyStream(self._call, self._services.topology, self._context)

    def _forget_topology(self) -> None:
        topology, self._topology = self._topology, None
        if topology is not None:
            topology.stop()

    def _disconnect(self) -> None:
        self._forget_topology()
        self._let_client_go()

    def _let_client_go(self) -> None:
        self._services.keep_clients.forget(self)
        client, self._client = self._client, None
        if client is not None:
            self._services.keep_clients.disconnect(client)
            self._services.instruct.left(client)


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
