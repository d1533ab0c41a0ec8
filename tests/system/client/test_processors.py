"""Event processors: one client runs one, another sees and steers it, both by the Python client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import Hub, ProcessorId
from ranvier.client.errors import HubError, NotFound
from ranvier.client.processors import ProcessorInfo
from ranvier.proto import common_pb2, control_pb2

BALANCES = ProcessorId("balances", "store-1")
INSTRUCTIONS = (
    "pause_event_processor",
    "start_event_processor",
    "split_event_processor_segment",
    "merge_event_processor_segment",
    "release_segment",
    "request_event_processor_info",
)


class Runner:
    """A client that reports a processor of two segments and does whatever it is told."""

    def __init__(self, hub: Hub, segments: tuple[int, ...]) -> None:
        self.hub = hub
        self.segments = segments
        self.told: list[str] = []
        for kind in INSTRUCTIONS:
            hub.connection.on_instruction(kind, self._do)

    def report(self) -> None:
        info = control_pb2.EventProcessorInfo(
            processor_name=BALANCES.name,
            token_store_identifier=BALANCES.token_store_id,
            mode="Pooled Streaming",
            running=True,
            is_streaming_processor=True,
            active_threads=len(self.segments),
            available_threads=4,
            segment_status=[
                control_pb2.EventProcessorInfo.SegmentStatus(
                    segment_id=number, one_part_of=2, token_position=7, caught_up=True
                )
                for number in self.segments
            ],
        )
        self.hub.connection.send_instruction(
            control_pb2.PlatformInboundInstruction(event_processor_info=info)
        )

    def _do(self, instruction: control_pb2.PlatformOutboundInstruction) -> None:
        self.told.append(instruction.WhichOneof("request") or "")
        if instruction.instruction_id:
            result = common_pb2.InstructionResult(
                instruction_id=instruction.instruction_id, success=True
            )
            self.hub.connection.send_instruction(
                control_pb2.PlatformInboundInstruction(result=result)
            )


@pytest.fixture
async def runner(node: NodeProcess) -> AsyncIterator[Runner]:
    async with ranvier.connect(node.grpc_address, component_name="bank") as hub:
        running = Runner(hub, (0, 1))
        running.report()
        own = [hub.connection.client_id]
        async with asyncio.timeout(60):
            # The runner of the test before may not be forgotten yet.
            while await runners(hub) != own:
                pass
        yield running


async def runners(hub: Hub) -> list[str]:
    """Return the ids of the clients that run the processor."""
    return [each.client_id for found in await known(hub) for each in found.instances]


async def known(hub: Hub) -> list[ProcessorInfo]:
    """Return how the processors stand."""
    return [each async for each in hub.processors.list() if each.id.name == BALANCES.name]


async def test_a_processor_is_seen_as_it_was_reported(hub: Hub, runner: Runner) -> None:
    [found] = await known(hub)
    assert (found.id.token_store_id, found.mode) == ("store-1", "Pooled Streaming")
    assert found.is_streaming
    [instance] = found.instances
    assert instance.client_id == runner.hub.connection.client_id
    assert instance.is_running
    assert [(each.id, each.one_part_of) for each in instance.segments] == [(0, 2), (1, 2)]
    assert instance.segments[0].is_caught_up
    assert instance.segments[0].error is None
    ours = [each.id async for each in hub.processors.of_component("bank")]
    assert ours == [found.id]
    assert [each async for each in hub.processors.of_component("nobody")] == []


async def test_a_processor_is_steered_and_its_client_confirms(hub: Hub, runner: Runner) -> None:
    assert await hub.processors.pause(BALANCES)
    assert await hub.processors.start(BALANCES)
    assert await hub.processors.split(BALANCES)
    assert await hub.processors.merge(BALANCES)
    assert await hub.processors.move(BALANCES, 0, runner.hub.connection.client_id)
    steered = [kind for kind in runner.told if kind != "request_event_processor_info"]
    assert steered[:4] == [
        "pause_event_processor",
        "start_event_processor",
        "split_event_processor_segment",
        "merge_event_processor_segment",
    ]


async def test_segments_are_spread_by_a_strategy(hub: Hub, runner: Runner) -> None:
    strategies = {each.name async for each in hub.processors.strategies()}
    assert {"default", "threadNumber"} <= strategies
    await hub.processors.balance(BALANCES, "threadNumber")
    await hub.processors.balance_always(BALANCES, "threadNumber")
    [found] = await known(hub)
    assert found.strategy == "threadNumber"
    await hub.processors.balance_always(BALANCES, "default")


async def test_an_unknown_processor_or_client_is_refused(hub: Hub, runner: Runner) -> None:
    with pytest.raises(NotFound) as refused:
        await hub.processors.pause(ProcessorId("nobody", "store-1"))
    assert refused.value.code == "AXONIQ-2800"
    with pytest.raises(HubError) as refused_move:
        await hub.processors.move(BALANCES, 0, "nobody")
    assert refused_move.value.code == "AXONIQ-2801"
