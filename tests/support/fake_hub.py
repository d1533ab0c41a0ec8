"""A hub in this process whose every answer a test decides: the platform service, and call logs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from ranvier.client.command_dialect import COMMAND_SERVICE
from ranvier.client.dial import PLATFORM_SERVICE
from ranvier.client.query_dialect import QUERY_SERVICE
from ranvier.proto import command_pb2, common_pb2, control_pb2, query_pb2
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.methods import streaming, unary, unary_callback
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError

M = TypeVar("M", bound=Message)


WAIT_SECONDS = 60
"""Bounds a failure."""


class Inbox(Generic[M]):
    """One call of a client: its messages in order, and the call to answer on."""

    def __init__(self, call: ServerCall, kind: type[M], door: Door[M]) -> None:
        self.call = call
        self._door = door
        self.closed = asyncio.Event()
        self.has_half_closed = False
        self._kind = kind
        self._messages: asyncio.Queue[M] = asyncio.Queue()

    async def next(self) -> M:
        return await asyncio.wait_for(self._messages.get(), WAIT_SECONDS)

    async def until(self, wanted: Callable[[M], bool]) -> M:
        """Return the first message that is wanted; those before it are dropped."""
        while True:
            message = await self.next()
            if wanted(message):
                return message

    def send(self, message: Message) -> None:
        self.call.send(message.SerializeToString())

    @property
    def waiting(self) -> int:
        return self._messages.qsize()

    def message_received(self, message: bytes) -> None:
        sent = self._kind.FromString(message)
        self._door.acknowledge(self, sent)
        self._messages.put_nowait(sent)

    def half_closed(self) -> None:
        self.has_half_closed = True
        if self._door.ends_with_client:
            self.closed.set()
            self.call.finish()

    def writable(self) -> None:
        pass

    def cancelled(self) -> None:
        self.closed.set()


class Door(Generic[M]):
    """The calls of one streaming method, one inbox for each.

    Subscriptions of handlers are acknowledged while `acknowledges` says so.
    """

    def __init__(self, kind: type[M], answers: type[Message] | None = None) -> None:
        self._kind = kind
        self._answers = answers
        self.ends_with_client = kind is not query_pb2.QueryRequest
        self.acknowledges = True
        self._calls: asyncio.Queue[Inbox[M]] = asyncio.Queue()
        self.refusal: GrpcError | None = None

    def open(self, call: ServerCall) -> Inbox[M]:
        if self.refusal is not None:
            raise self.refusal
        inbox = Inbox(call, self._kind, self)
        self._calls.put_nowait(inbox)
        return inbox

    def acknowledge(self, inbox: Inbox[M], sent: M) -> None:
        instruction_id = getattr(sent, "instruction_id", "")
        if self._answers is not None and instruction_id and self.acknowledges:
            ack = common_pb2.InstructionAck(instruction_id=instruction_id, success=True)
            inbox.send(self._answers(ack=ack))

    async def next(self) -> Inbox[M]:
        return await asyncio.wait_for(self._calls.get(), WAIT_SECONDS)


class Dispatched:
    """A command that waits for its answer."""

    def __init__(self, call: ServerCall, message: bytes) -> None:
        self.call = call
        self.command = command_pb2.Command.FromString(message)

    def answer(self, **fields: Any) -> None:
        response = command_pb2.CommandResponse(
            request_identifier=self.command.message_identifier, **fields
        )
        self.call.reply(response.SerializeToString())


class FakeHub:
    """Answers GetPlatformServer by `platform_info` and keeps every control stream open."""

    def __init__(self, port: int = 0, limits: GrpcLimits | None = None) -> None:
        self.port = port
        self.server = GrpcServer(limits)
        self.control = Door(control_pb2.PlatformInboundInstruction)
        self.platform_info = control_pb2.PlatformInfo(same_connection=True)
        self.platform_refusal: GrpcError | None = None
        self.nonsense = 0
        """So often it answers with bytes that are no message."""
        self.asked: list[ServerCall] = []
        self.command_handlers = Door(
            command_pb2.CommandProviderOutbound, command_pb2.CommandProviderInbound
        )
        self.dispatched: asyncio.Queue[Dispatched] = asyncio.Queue()
        self.server.add_service(
            COMMAND_SERVICE,
            {
                "OpenStream": streaming(self.command_handlers.open),
                "Dispatch": unary_callback(
                    lambda call, message: self.dispatched.put_nowait(Dispatched(call, message))
                ),
            },
        )
        self.query_handlers = Door(query_pb2.QueryProviderOutbound, query_pb2.QueryProviderInbound)
        self.queries = Door(query_pb2.QueryRequest)
        self.subscription_queries = Door(query_pb2.SubscriptionQueryRequest)
        self.server.add_service(
            QUERY_SERVICE,
            {
                "OpenStream": streaming(self.query_handlers.open),
                "Query": streaming(self.queries.open),
                "Subscription": streaming(self.subscription_queries.open),
            },
        )
        self.server.add_service(
            PLATFORM_SERVICE,
            {
                "GetPlatformServer": unary(self._get_platform_server),
                "OpenStream": streaming(self.control.open),
            },
        )

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def next_command(self) -> Dispatched:
        return await asyncio.wait_for(self.dispatched.get(), WAIT_SECONDS)

    async def start(self) -> None:
        self.port = await self.server.listen("127.0.0.1", self.port)

    async def stop(self, grace_seconds: float = 0) -> None:
        await self.server.stop(grace_seconds)

    async def _get_platform_server(self, call: ServerCall, message: bytes) -> bytes:
        self.asked.append(call)
        if self.nonsense:
            self.nonsense -= 1
            return b"\xff\xff"
        if self.platform_refusal is not None:
            raise self.platform_refusal
        return self.platform_info.SerializeToString()


@contextlib.asynccontextmanager
async def fake_hub(port: int = 0, limits: GrpcLimits | None = None) -> AsyncIterator[FakeHub]:
    """Run one for the length of a block."""
    hub = FakeHub(port, limits)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()
