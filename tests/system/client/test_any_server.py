"""The client against a foreign server: grpcio.aio with the command calls of the Axon API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import grpc
import pytest

import ranvier
from ranvier.client import Message
from ranvier.client.command_dialect import COMMAND_SERVICE
from ranvier.client.dial import PLATFORM_SERVICE
from ranvier.client.errors import CommandFailed, NoCommandHandler
from ranvier.proto import command_pb2, control_pb2
from tests.support.cluster_load import pause

Inbound = command_pb2.CommandProviderInbound
Outbound = command_pb2.CommandProviderOutbound


class ForeignHub:
    """Routes commands by name, knows nothing of Ranvier, and keeps to the permits."""

    def __init__(self) -> None:
        self.handlers: dict[str, asyncio.Queue[Inbound]] = {}
        self.waiting: dict[str, asyncio.Future[command_pb2.CommandResponse]] = {}
        self.permits = 0
        self.contexts: set[str] = set()

    async def open_stream(
        self, messages: AsyncIterator[Outbound], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[Inbound]:
        queue: asyncio.Queue[Inbound] = asyncio.Queue()

        async def read() -> None:
            async for message in messages:
                self._take(message, queue)

        reading = asyncio.create_task(read())
        try:
            while not (reading.done() and queue.empty()):
                getting = asyncio.ensure_future(queue.get())
                await asyncio.wait({getting, reading}, return_when=asyncio.FIRST_COMPLETED)
                if not getting.done():
                    getting.cancel()
                    break
                yield getting.result()
        finally:
            reading.cancel()

    def _take(self, message: Outbound, queue: asyncio.Queue[Inbound]) -> None:
        match message.WhichOneof("request"):
            case "flow_control":
                self.permits += message.flow_control.permits
            case "subscribe":
                self.handlers[message.subscribe.command] = queue
            case "unsubscribe":
                self.handlers.pop(message.unsubscribe.command, None)
            case "command_response":
                response = message.command_response
                self.waiting.pop(response.request_identifier).set_result(response)
        if message.instruction_id:
            inbound = Inbound()
            inbound.ack.instruction_id, inbound.ack.success = message.instruction_id, True
            queue.put_nowait(inbound)

    async def dispatch(
        self, command: command_pb2.Command, context: grpc.aio.ServicerContext
    ) -> command_pb2.CommandResponse:
        self.contexts.add(dict(context.invocation_metadata())["axoniq-context"])
        queue = self.handlers.get(command.name)
        if queue is None:
            return command_pb2.CommandResponse(error_code="AXONIQ-4000")
        assert self.permits > 0
        self.permits -= 1
        answer = asyncio.get_running_loop().create_future()
        self.waiting[command.message_identifier] = answer
        queue.put_nowait(Inbound(command=command))
        response: command_pb2.CommandResponse = await answer
        return response


async def get_platform_server(
    message: control_pb2.ClientIdentification, context: grpc.aio.ServicerContext
) -> control_pb2.PlatformInfo:
    return control_pb2.PlatformInfo(same_connection=True)


async def open_control_stream(
    messages: AsyncIterator[control_pb2.PlatformInboundInstruction],
    context: grpc.aio.ServicerContext,
) -> AsyncIterator[control_pb2.PlatformOutboundInstruction]:
    async for message in messages:
        if message.instruction_id:
            answer = control_pb2.PlatformOutboundInstruction()
            answer.ack.instruction_id, answer.ack.success = message.instruction_id, True
            yield answer


@contextlib.asynccontextmanager
async def foreign_hub(*, has_platform: bool) -> AsyncIterator[tuple[ForeignHub, str]]:
    hub, server = ForeignHub(), grpc.aio.server()
    commands = {
        "OpenStream": grpc.stream_stream_rpc_method_handler(
            hub.open_stream, Outbound.FromString, Inbound.SerializeToString
        ),
        "Dispatch": grpc.unary_unary_rpc_method_handler(
            hub.dispatch,
            command_pb2.Command.FromString,
            command_pb2.CommandResponse.SerializeToString,
        ),
    }
    platform = {
        "GetPlatformServer": grpc.unary_unary_rpc_method_handler(
            get_platform_server,
            control_pb2.ClientIdentification.FromString,
            control_pb2.PlatformInfo.SerializeToString,
        ),
        "OpenStream": grpc.stream_stream_rpc_method_handler(
            open_control_stream,
            control_pb2.PlatformInboundInstruction.FromString,
            control_pb2.PlatformOutboundInstruction.SerializeToString,
        ),
    }
    services = {COMMAND_SERVICE: commands} | ({PLATFORM_SERVICE: platform} if has_platform else {})
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, each) for name, each in services.items())
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield hub, f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@pytest.mark.parametrize("has_platform", [True, False])
async def test_commands_by_way_of_a_foreign_server(has_platform: bool) -> None:
    async with foreign_hub(has_platform=has_platform) as (server, address):
        async with ranvier.connect(address, context="billing") as hub:

            @hub.commands.handler("double")
            def double(number: int) -> int:
                return 2 * number

            @hub.commands.handler("fail")
            async def fail(number: int, message: Message) -> None:
                raise CommandFailed(message.name, code="SHOP-1")

            await hub.commands.ready()
            # More than the first grant: the server is granted more as it goes.
            answers = [await hub.commands.send("double", number) for number in range(100)]
            assert answers == [2 * number for number in range(100)]
            with pytest.raises(CommandFailed, match="fail") as error:
                await hub.commands.send("fail", 1)
            assert error.value.code == "SHOP-1"
            with pytest.raises(NoCommandHandler):
                await hub.commands.send("triple", 1)
        assert server.contexts == {"billing"}
        async with asyncio.timeout(60):
            while server.handlers:
                await pause()
