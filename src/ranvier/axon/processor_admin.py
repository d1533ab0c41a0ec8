"""EventProcessorAdminService: event processors are listed, paused, started, split and spread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ranvier.axon.answering import answering_many, answering_one
from ranvier.axon.errors import grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.messages.balance_segments import STRATEGIES
from ranvier.messages.event_processor import ProcessorId, ProcessorInstance
from ranvier.proto import admin_pb2, common_pb2
from ranvier.services.administer_processors import AdministerProcessors, ShownProcessor
from ranvier.services.errors import InstructionFailed
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.wire.grpc.methods import Method
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

PROCESSOR_ADMIN: Final = "io.axoniq.axonserver.grpc.admin.EventProcessorAdminService"

RESULTS: Final = {
    InstructionOutcome.CONFIRMED: admin_pb2.SUCCESS,
    InstructionOutcome.ACCEPTED: admin_pb2.ACCEPTED,
}

Action = Callable[[ProcessorId], Awaitable[InstructionOutcome]]


class ProcessorAdmin:
    """The calls of the service; a processor is named with its token store and context."""

    def __init__(self, processors: AdministerProcessors) -> None:
        self._processors = processors

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by their short names."""
        processors = self._processors
        return {
            "PauseEventProcessor": acting(processors.pause),
            "StartEventProcessor": acting(processors.resume),
            "SplitEventProcessor": acting(processors.split),
            "MergeEventProcessor": acting(processors.merge),
            "MoveEventProcessorSegment": answering_one(self.move),
            "GetAllEventProcessors": answering_many(self.list_all),
            "GetEventProcessorsByComponent": answering_many(self.list_of_component),
            "LoadBalanceProcessor": answering_many(self.balance),
            "SetAutoLoadBalanceStrategy": answering_many(self.choose_strategy),
            "GetBalancingStrategies": answering_many(self.list_strategies),
        }

    async def move(self, call: ServerCall, message: bytes) -> bytes:
        """Have a segment claimed by the client that is named."""
        request = parsed(admin_pb2.MoveSegment, message)
        named = request.event_processor
        outcome = self._processors.move(
            processor_id(call, named), request.segment, request.target_client_id
        )
        return await result_of(outcome, named)

    async def list_all(self, call: ServerCall, _message: bytes) -> None:
        """Describe the processors of all contexts."""
        for shown in self._processors.processors():
            await call.write(described(shown))

    async def list_of_component(self, call: ServerCall, message: bytes) -> None:
        """Describe the processors that a component runs, in all contexts."""
        request = parsed(common_pb2.Component, message)
        for shown in self._processors.processors(component_name=request.component):
            await call.write(described(shown))

    async def balance(self, call: ServerCall, message: bytes) -> None:
        """Spread the segments of a processor now."""
        request = parsed(admin_pb2.LoadBalanceRequest, message)
        await self._processors.balance(processor_id(call, request.processor), request.strategy)

    async def choose_strategy(self, call: ServerCall, message: bytes) -> None:
        """Spread the segments of a processor from now on."""
        request = parsed(admin_pb2.LoadBalanceRequest, message)
        await self._processors.choose_strategy(
            processor_id(call, request.processor), request.strategy
        )

    async def list_strategies(self, call: ServerCall, _message: bytes) -> None:
        """Name the ways of spreading segments."""
        for strategy, label in STRATEGIES.items():
            known = admin_pb2.LoadBalancingStrategy(strategy=strategy, label=label)
            await call.write(known.SerializeToString())


def acting(action: Action) -> Method:
    """Offer an action on one processor, answered by how far it came."""

    async def act(call: ServerCall, message: bytes) -> bytes:
        named = parsed(admin_pb2.EventProcessorIdentifier, message)
        return await result_of(action(processor_id(call, named)), named)

    return answering_one(act)


async def result_of(
    outcome: Awaitable[InstructionOutcome], named: admin_pb2.EventProcessorIdentifier
) -> bytes:
    """Return the answer for an outcome.

    What a client reports as failed is INTERNAL, and CANCELLED where the request names the context,
    as clients of Axon Server have come to expect.
    """
    try:
        result = RESULTS[await outcome]
    except InstructionFailed as error:
        told = grpc_error(error)
        if not named.context_name:
            raise told from error
        raise GrpcError(StatusCode.CANCELLED, told.message, told.trailers) from error
    return admin_pb2.AdminActionResult(result=result).SerializeToString()


def processor_id(call: ServerCall, named: admin_pb2.EventProcessorIdentifier) -> ProcessorId:
    """Return which processor is meant; without a context, one of the context of the call."""
    context = named.context_name or context_of(call)
    return ProcessorId(context, named.processor_name, named.token_store_identifier)


def described(shown: ShownProcessor) -> bytes:
    """Return what is told of a processor."""
    first = shown.instances[0].status
    return admin_pb2.EventProcessor(
        identifier=admin_pb2.EventProcessorIdentifier(
            processor_name=shown.processor.name,
            token_store_identifier=shown.processor.token_store,
            context_name=shown.processor.context,
        ),
        mode=first.mode,
        isStreaming=first.is_streaming,
        client_instance=[described_instance(each) for each in shown.instances],
        load_balancing_strategy_name=shown.strategy,
    ).SerializeToString()


def described_instance(instance: ProcessorInstance) -> admin_pb2.EventProcessorInstance:
    """Return what is told of a processor in one client."""
    status = instance.status
    return admin_pb2.EventProcessorInstance(
        client_id=instance.client_id,
        isRunning=status.is_running,
        max_capacity=status.active_threads + status.available_threads,
        claimed_segment=[
            admin_pb2.EventProcessorSegment(
                id=segment.segment_id,
                one_part_of=segment.one_part_of,
                claimed_by=instance.client_id,
                is_caughtUp=segment.is_caught_up,
                is_replaying=segment.is_replaying,
                token_position=segment.token_position,
                is_in_error=bool(segment.error_state),
                error=segment.error_state,
            )
            for segment in status.segments
        ],
    )
