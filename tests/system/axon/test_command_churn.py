"""Handlers that connect, subscribe, die and return under load, against a whole node."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from pathlib import Path
from random import Random

import httpx2
import psutil
import pytest

from examples.node_process import NodeProcess
from ranvier.proto import command_pb2, common_pb2
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs
from tests.support.node_program import running_node
from tests.support.scale import scaled

SERVICE = "/io.axoniq.axonserver.grpc.command.CommandService"
CALLERS = 32
PERMITS = 8
GROWTH_BYTES = 24 * 1024 * 1024
"""What a node may grow by in the second half of the load: noise of the allocator."""


class MortalHandler:
    """Answers some commands, then dies with whatever it has been sent and not answered."""

    def __init__(self, number: int, chance: Random) -> None:
        self._client_id = f"handler-{number}"
        self._chance = chance
        self._channel: Channel | None = None
        self.overdrawn = 0

    async def live(self, port: int) -> None:
        """Connect, subscribe, handle until death."""
        self._left = self._chance.randint(5, 60)
        self._unused = PERMITS
        self._died = asyncio.Event()
        self._channel = await Channel.connect("127.0.0.1", port)
        self._call = self._channel.open(f"{SERVICE}/OpenStream", self)
        for message in (
            command_pb2.CommandProviderOutbound(
                subscribe=command_pb2.CommandSubscription(
                    message_id="s", command="Work", client_id=self._client_id
                )
            ),
            self._grant(PERMITS),
        ):
            self._call.send(message.SerializeToString())
        try:
            await self._died.wait()
        finally:
            await self._channel.close()

    def message_received(self, message: bytes) -> None:
        inbound = command_pb2.CommandProviderInbound.FromString(message)
        self._unused -= 1
        self.overdrawn += self._unused < 0
        self._left -= 1
        if self._left <= 0:
            self._died.set()
            return
        answer = command_pb2.CommandResponse(
            message_identifier="answer", request_identifier=inbound.command.message_identifier
        )
        outbound = command_pb2.CommandProviderOutbound(command_response=answer)
        self._call.send(outbound.SerializeToString())
        if self._unused <= PERMITS // 2:
            self._unused += PERMITS // 2
            self._call.send(self._grant(PERMITS // 2).SerializeToString())

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def writable(self) -> None:
        """Do nothing."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # it is over
        self._died.set()

    def _grant(self, permits: int) -> command_pb2.CommandProviderOutbound:
        flow_control = common_pb2.FlowControl(client_id=self._client_id, permits=permits)
        return command_pb2.CommandProviderOutbound(flow_control=flow_control)


async def live_again_and_again(handler: MortalHandler, port: int) -> None:
    while True:
        await handler.live(port)


async def dispatch(port: int, commands: int, ids: itertools.count[int]) -> Counter[str]:
    """Send so many commands, `CALLERS` at a time; return how often each outcome came."""
    outcomes: Counter[str] = Counter()
    channel = await Channel.connect("127.0.0.1", port)

    async def call(count: int) -> None:
        for _ in range(count):
            command = command_pb2.Command(message_identifier=f"command-{next(ids)}", name="Work")
            answer = await channel.unary(
                f"{SERVICE}/Dispatch", command.SerializeToString(), timeout_seconds=60
            )
            outcomes[command_pb2.CommandResponse.FromString(answer).error_code] += 1

    await asyncio.gather(*(call(commands // CALLERS) for _ in range(CALLERS)))
    await channel.close()
    return outcomes


async def load(node: NodeProcess, handlers: int, commands: int) -> None:
    port = int(str(node.ready["grpc"]))
    process, ids = psutil.Process(node.process_id), itertools.count()
    parties = [MortalHandler(number, Random(number)) for number in range(handlers)]
    living = [asyncio.create_task(live_again_and_again(each, port)) for each in parties]
    async with httpx2.AsyncClient(base_url=node.http_address) as http:
        while len((await http.get("/v1/commands/queues")).json()) < handlers:
            assert not any(task.done() for task in living)
        outcomes = await dispatch(port, commands // 2, ids)
        warm_bytes = process.memory_info().rss
        outcomes += await dispatch(port, commands - commands // 2, ids)
        grown_bytes = process.memory_info().rss - warm_bytes
        for task in living:
            task.cancel()
        await asyncio.gather(*living, return_exceptions=True)
        async with asyncio.timeout(30):
            while (await http.get("/v1/commands/queues")).json():
                """The node notices the last deaths."""
        assert (await http.get("/v1/commands/count")).json() == 0
        assert (await http.get("/v1/commands")).json() == []
    assert set(outcomes) <= {"", "AXONIQ-4001"}, outcomes
    assert outcomes["AXONIQ-4001"]
    assert outcomes[""] > commands // 2
    assert outcomes.total() == commands
    assert not any(each.overdrawn for each in parties)
    assert grown_bytes < GROWTH_BYTES, f"grown by {grown_bytes} bytes"


@pytest.mark.soak
def test_every_command_is_answered_while_handlers_come_and_go(tmp_path: Path) -> None:
    handlers = scaled(500, suite=40)
    commands = scaled(614_400, suite=6_144)
    with running_node(tmp_path / "data") as node:
        asyncio.run(load(node, handlers, commands))
