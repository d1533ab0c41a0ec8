"""Event processors of all clients: their state, and instructions to them by way of the server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from ranvier.client.typed_calls import Connection, TypedCalls
from ranvier.proto import admin_pb2
from ranvier.proto.common_pb2 import Component
from ranvier.proto.google.protobuf.empty_pb2 import Empty

SERVICE: Final = "io.axoniq.axonserver.grpc.admin.EventProcessorAdminService"


@dataclass(frozen=True, slots=True)
class ProcessorId:
    """Which event processor: its name, its token store, and its context, empty for the hub's."""

    name: str
    token_store_id: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class ProcessorSegment:
    """A segment at one instance: the share 1/`one_part_of` of all events."""

    id: int
    one_part_of: int
    claimed_by: str
    is_caught_up: bool
    is_replaying: bool
    token_position: int
    error: str | None


@dataclass(frozen=True, slots=True)
class ProcessorInstance:
    """A processor at one client."""

    client_id: str
    is_running: bool
    capacity: int
    """Segments that it may have."""
    segments: tuple[ProcessorSegment, ...]


@dataclass(frozen=True, slots=True)
class ProcessorInfo:
    """A processor as its clients report it."""

    id: ProcessorId
    mode: str
    is_streaming: bool
    strategy: str
    instances: tuple[ProcessorInstance, ...]


@dataclass(frozen=True, slots=True)
class BalancingStrategy:
    """A way to spread segments."""

    name: str
    label: str


class Processors:
    """The event processors that the server knows.

    An instruction returns True when the clients have confirmed it, False when they took it and
    nothing more is known.
    """

    def __init__(self, connection: Connection) -> None:
        self._calls = TypedCalls(connection, SERVICE)

    async def pause(self, processor: ProcessorId) -> bool:
        """Stop a processor at all of its clients."""
        return await self._instruct("PauseEventProcessor", processor)

    async def start(self, processor: ProcessorId) -> bool:
        """Start a processor at all of its clients."""
        return await self._instruct("StartEventProcessor", processor)

    async def split(self, processor: ProcessorId) -> bool:
        """Split its largest segment in two."""
        return await self._instruct("SplitEventProcessor", processor)

    async def merge(self, processor: ProcessorId) -> bool:
        """Merge its smallest segment with its sibling."""
        return await self._instruct("MergeEventProcessor", processor)

    async def move(self, processor: ProcessorId, segment: int, client_id: str) -> bool:
        """Have a segment worked on by this client."""
        request = admin_pb2.MoveSegment(
            event_processor=wire_id(processor), segment=segment, target_client_id=client_id
        )
        answer = await self._calls.ask(
            "MoveEventProcessorSegment", request, admin_pb2.AdminActionResult, has_effect=True
        )
        return answer.result == admin_pb2.SUCCESS

    async def list(self) -> AsyncGenerator[ProcessorInfo, None]:
        """Yield every processor."""
        read = self._calls.read("GetAllEventProcessors", Empty(), admin_pb2.EventProcessor)
        async for each in read:
            yield info_of(each)

    async def of_component(self, component: str) -> AsyncGenerator[ProcessorInfo, None]:
        """Yield the processors of one application."""
        request = Component(component=component)
        read = self._calls.read("GetEventProcessorsByComponent", request, admin_pb2.EventProcessor)
        async for each in read:
            yield info_of(each)

    async def balance(self, processor: ProcessorId, strategy: str) -> None:
        """Spread the segments of a processor now, once."""
        request = admin_pb2.LoadBalanceRequest(processor=wire_id(processor), strategy=strategy)
        await self._calls.carry_out("LoadBalanceProcessor", request)

    async def balance_always(self, processor: ProcessorId, strategy: str) -> None:
        """Spread the segments of a processor whenever its clients change."""
        request = admin_pb2.LoadBalanceRequest(processor=wire_id(processor), strategy=strategy)
        await self._calls.carry_out("SetAutoLoadBalanceStrategy", request)

    async def strategies(self) -> AsyncGenerator[BalancingStrategy, None]:
        """Yield the ways to spread segments that the server has."""
        read = self._calls.read("GetBalancingStrategies", Empty(), admin_pb2.LoadBalancingStrategy)
        async for each in read:
            yield BalancingStrategy(each.strategy, each.label)

    async def _instruct(self, method: str, processor: ProcessorId) -> bool:
        answer = await self._calls.ask(
            method, wire_id(processor), admin_pb2.AdminActionResult, has_effect=True
        )
        return answer.result == admin_pb2.SUCCESS


def wire_id(processor: ProcessorId) -> admin_pb2.EventProcessorIdentifier:
    """Return the identity of a processor as the wire has it."""
    return admin_pb2.EventProcessorIdentifier(
        processor_name=processor.name,
        token_store_identifier=processor.token_store_id,
        context_name=processor.context,
    )


def info_of(processor: admin_pb2.EventProcessor) -> ProcessorInfo:
    """Return a processor as the wire has it."""
    identifier = processor.identifier
    return ProcessorInfo(
        ProcessorId(
            identifier.processor_name, identifier.token_store_identifier, identifier.context_name
        ),
        processor.mode,
        processor.isStreaming,
        processor.load_balancing_strategy_name,
        tuple(
            ProcessorInstance(
                each.client_id,
                each.isRunning,
                each.max_capacity,
                tuple(segment_of(segment) for segment in each.claimed_segment),
            )
            for each in processor.client_instance
        ),
    )


def segment_of(segment: admin_pb2.EventProcessorSegment) -> ProcessorSegment:
    """Return a segment as the wire has it."""
    return ProcessorSegment(
        segment.id,
        segment.one_part_of,
        segment.claimed_by,
        segment.is_caughtUp,
        segment.is_replaying,
        segment.token_position,
        segment.error if segment.is_in_error else None,
    )
