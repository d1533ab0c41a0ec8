"""A server on grpcio.aio that forwards commands over two streams; it prints its port.

Run it by `python -m bench.forwarding_server`. It does what a node does on this path and no more: id
and name are read, the command's bytes go to the handler's stream as they came, and the response's
bytes come back the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc

from ranvier.axon.command_message import RESPONSE_FIELD, head_of
from ranvier.axon.sole_field import sole_field
from ranvier.proto import command_pb2, common_pb2
from ranvier.wire.grpc.framing import PREFIX_BYTES

SERVICE = "io.axoniq.axonserver.grpc.command.CommandService"


class Forwarder:
    """The handlers by the names that they subscribed to, and the commands that wait."""

    def __init__(self) -> None:
        self._handlers: dict[str, asyncio.Queue[bytes]] = {}
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    async def dispatch(self, message: bytes, _context: object) -> bytes:
        """Forward one command and wait for its answer."""
        command = command_pb2.Command.FromString(message)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[command.message_identifier] = answer
        self._handlers[command.name].put_nowait(head_of(len(message))[PREFIX_BYTES:] + message)
        return await answer

    async def open_stream(
        self, messages: AsyncIterator[bytes], _context: object
    ) -> AsyncIterator[bytes]:
        """Send one handler its commands while its answers are read."""
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        reading = asyncio.create_task(self._read(messages, queue))
        try:
            while True:
                yield await queue.get()
        finally:
            reading.cancel()

    async def _read(self, messages: AsyncIterator[bytes], queue: asyncio.Queue[bytes]) -> None:
        async for message in messages:
            field, response = sole_field(message)
            if field == RESPONSE_FIELD:
                request_id = command_pb2.CommandResponse.FromString(response).request_identifier
                self._waiting.pop(request_id).set_result(response)
                continue
            instruction = command_pb2.CommandProviderOutbound.FromString(message)
            if instruction.HasField("subscribe"):
                self._handlers[instruction.subscribe.command] = queue
                ack = common_pb2.InstructionAck(
                    instruction_id=instruction.instruction_id, success=True
                )
                queue.put_nowait(command_pb2.CommandProviderInbound(ack=ack).SerializeToString())


async def serve() -> None:
    """Serve until terminated; print the port."""
    forwarder = Forwarder()
    server = grpc.aio.server()
    methods = {
        "Dispatch": grpc.unary_unary_rpc_method_handler(forwarder.dispatch),
        "OpenStream": grpc.stream_stream_rpc_method_handler(forwarder.open_stream),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve())
