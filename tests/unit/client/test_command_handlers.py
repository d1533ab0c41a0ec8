"""Handling commands: subscriptions, permits, acknowledgements, answers, an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import ranvier
from ranvier.client import Answer, HandlingSettings, Message, ReconnectDelays
from ranvier.client.connect import ConnectOptions
from ranvier.client.errors import CommandFailed, HandlerUnusable, NoCommandHandler
from ranvier.proto import command_pb2, common_pb2
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import FakeHub, Inbox, fake_hub

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)
Outbound = command_pb2.CommandProviderOutbound
Stream = Inbox[Outbound]


@dataclass
class Place:
    lamps: int


def command(number: int, name: str = "place", data: bytes = b'{"lamps": 3}') -> Any:
    return command_pb2.CommandProviderInbound(
        command=command_pb2.Command(
            message_identifier=f"c-{number}",
            name=name,
            payload=common_pb2.SerializedObject(type="Place", data=data),
            meta_data={"user": common_pb2.MetaDataValue(text_value="ada")},
            client_id="sender",
        )
    )


async def handler_stream(server: FakeHub, count: int = 1) -> Stream:
    """Take a client's stream, check the grant that leads it, acknowledge so many handlers."""
    stream = await server.command_handlers.next()
    assert (await stream.next()).HasField("flow_control")
    for _ in range(count):
        await acknowledge(stream, "subscribe")
    return stream


async def acknowledge(stream: Stream, kind: str, *, success: bool = True) -> Outbound:
    sent = await stream.until(lambda message: message.HasField(kind))
    ack = common_pb2.InstructionAck(instruction_id=sent.instruction_id, success=success)
    if not success:
        ack.error.error_code, ack.error.message = "AXONIQ-9999", "never"
    stream.send(command_pb2.CommandProviderInbound(ack=ack))
    return sent


async def answer_of(stream: Stream) -> command_pb2.CommandResponse:
    return (await stream.until(lambda sent: sent.HasField("command_response"))).command_response


async def test_a_handler_is_offered_with_permits_and_its_share() -> None:
    options = ConnectOptions(component_name="shop", client_id="shop-1")
    async with fake_hub() as server, ranvier.connect(server.address, **options) as hub:

        @hub.commands.handler("place", load_factor=7)
        def place(order: Place) -> int:
            return order.lamps

        stream = await server.command_handlers.next()
        grant = (await stream.next()).flow_control
        assert (grant.client_id, grant.permits) == ("shop-1", 5_000)
        sent = await acknowledge(stream, "subscribe")
        offered = sent.subscribe
        assert (offered.command, offered.load_factor) == ("place", 7)
        assert (offered.client_id, offered.component_name) == ("shop-1", "shop")
        await hub.commands.ready()


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_command_is_answered_by_what_its_handler_returns(is_async: bool) -> None:
    seen: list[Message] = []
    async with fake_hub() as server, ranvier.connect(server.address) as hub:

        def place(order: Place, message: Message) -> Answer:
            seen.append(message)
            return Answer({"lamps": order.lamps}, {"by": "shop"})

        async def place_async(order: Place, message: Message) -> Answer:
            await asyncio.sleep(0)
            return place(order, message)

        hub.commands.handler("place")(place_async if is_async else place)
        stream = await handler_stream(server)
        stream.send(command(1))
        answer = await answer_of(stream)
        assert answer.request_identifier == "c-1"
        assert answer.message_identifier
        assert not answer.error_code
        assert (answer.payload.type, answer.payload.data) == ("dict", b'{"lamps":3}')
        assert answer.meta_data["by"].text_value == "shop"
        (message,) = seen
        assert (message.id, message.name, message.client_id) == ("c-1", "place", "sender")
        assert message.metadata == {"user": "ada"}


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (ZeroDivisionError("by zero"), "AXONIQ-4002", "ZeroDivisionError: by zero"),
        (CommandFailed("sold out", code="SHOP-1", details=["x"]), "SHOP-1", "sold out"),
        (NoCommandHandler("elsewhere"), "AXONIQ-4002", "NoCommandHandler: elsewhere"),
    ],
)
async def test_4002_or_a_code_of_its_own_answers_what_a_handler_raises(
    raised: Exception, code: str, text: str, is_async: bool
) -> None:
    async with (
        fake_hub() as server,
        ranvier.connect(server.address, component_name="shop") as hub,
    ):

        def fail() -> None:
            raise raised

        async def fail_async() -> None:
            raise raised

        hub.commands.handler("place")(fail_async if is_async else fail)
        stream = await handler_stream(server)
        stream.send(command(1))
        answer = await answer_of(stream)
        assert (answer.error_code, answer.error_message.message) == (code, text)
        assert answer.error_message.location == "shop"
        assert list(answer.error_message.details) == (["x"] if code == "SHOP-1" else [])


async def test_what_cannot_be_decoded_or_encoded_is_answered_by_an_error() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.commands.handler("place", payload_type=Place)(lambda order: object())
        stream = await handler_stream(server)
        stream.send(command(1, data=b'{"lamps": "many"}'))
        assert "PayloadUnreadable" in (await answer_of(stream)).error_message.message
        stream.send(command(2))
        assert "PayloadUnwritable" in (await answer_of(stream)).error_message.message


async def test_4000_answers_a_command_without_a_handler_here() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.commands.handler("place")(lambda: None)
        stream = await handler_stream(server)
        stream.send(command(1, name="other"))
        assert (await answer_of(stream)).error_code == "AXONIQ-4000"


async def test_permits_are_granted_anew_by_quarters_of_what_is_done() -> None:
    options = ConnectOptions(handling=HandlingSettings(permits=8))
    async with fake_hub() as server, ranvier.connect(server.address, **options) as hub:
        hub.commands.handler("place")(lambda: None)
        stream = await server.command_handlers.next()
        assert (await stream.next()).flow_control.permits == 8
        await stream.next()
        for number in range(8):
            stream.send(command(number))
        sent = [(await stream.next()).WhichOneof("request") for _ in range(12)]
        assert sent == ["command_response", "command_response", "flow_control"] * 4


async def test_no_more_coroutines_run_at_once_than_allowed() -> None:
    running = most = 0
    release = asyncio.Event()
    options = ConnectOptions(handling=HandlingSettings(concurrency=3))
    async with fake_hub() as server, ranvier.connect(server.address, **options) as hub:

        @hub.commands.handler("place")
        async def place() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            if running == 3:
                release.set()
            await release.wait()
            running -= 1

        stream = await handler_stream(server)
        for number in range(10):
            stream.send(command(number))
        answered = {(await answer_of(stream)).request_identifier for _ in range(10)}
        assert len(answered) == 10
        assert most == 3


async def test_handlers_come_back_on_a_new_connection() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        hub.commands.handler("place")(lambda: 1)
        hub.commands.handler("cancel")(lambda: 2)
        first = await handler_stream(server, 2)
        for link in server.server.links():
            link.abort()
        await asyncio.wait_for(first.closed.wait(), 10)
        second = await handler_stream(server, 2)
        await hub.commands.ready()
        second.send(command(1, "cancel"))
        assert (await answer_of(second)).payload.data == b"2"


async def test_a_handler_stream_that_ends_alone_is_opened_again() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        hub.commands.handler("place")(lambda: 1)
        first = await handler_stream(server)
        first.call.finish(GrpcError(StatusCode.CANCELLED, "why not"))
        await handler_stream(server)
        await hub.commands.ready()


async def test_at_the_end_handlers_are_withdrawn_and_running_ones_finish() -> None:
    begun, release = asyncio.Event(), asyncio.Event()
    async with fake_hub() as server:

        async def program() -> None:
            async with ranvier.connect(server.address) as hub:

                @hub.commands.handler("place")
                async def place() -> str:
                    begun.set()
                    await release.wait()
                    return "done"

                await begun.wait()

        running = asyncio.create_task(program())
        stream = await handler_stream(server)
        stream.send(command(1))
        await acknowledge(stream, "unsubscribe")
        assert not running.done()
        release.set()
        assert (await answer_of(stream)).payload.data == b'"done"'
        await asyncio.wait_for(running, 10)
        assert stream.has_half_closed


async def test_a_handler_that_outlasts_the_grace_is_cancelled_and_left_unanswered() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()
    async with fake_hub() as server:

        async def program() -> None:
            handling = HandlingSettings(grace_seconds=0.05)
            async with ranvier.connect(server.address, handling=handling) as hub:

                @hub.commands.handler("place")
                async def place() -> None:
                    begun.set()
                    try:
                        await asyncio.Event().wait()
                    finally:
                        cancelled.set()

                await begun.wait()

        running = asyncio.create_task(program())
        stream = await handler_stream(server)
        stream.send(command(1))
        await acknowledge(stream, "unsubscribe")
        await asyncio.wait_for(running, 10)
        assert cancelled.is_set()
        assert stream.has_half_closed
        assert stream.waiting == 0


async def test_unsubscribing_one_handler_leaves_the_others() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.commands.handler("place")(lambda: 1)
        hub.commands.handler("cancel")(lambda: 2)
        stream = await handler_stream(server, 2)
        leaving = asyncio.create_task(hub.commands.unsubscribe("place"))
        sent = await acknowledge(stream, "unsubscribe")
        await leaving
        assert sent.unsubscribe.command == "place"
        with pytest.raises(HandlerUnusable, match="no handler"):
            await hub.commands.unsubscribe("place")
        stream.send(command(1, "cancel"))
        assert (await answer_of(stream)).payload.data == b"2"


async def test_a_refused_subscription_is_told() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        server.command_handlers.acknowledges = False
        hub.commands.handler("place")(lambda: 1)
        stream = await server.command_handlers.next()
        await acknowledge(stream, "subscribe", success=False)
        server.command_handlers.acknowledges = True
        with pytest.raises(HandlerUnusable, match="AXONIQ-9999"):
            await hub.commands.ready()


async def test_functions_that_cannot_be_handlers_are_refused_at_once() -> None:
    def three(a: int, b: int, c: int) -> None: ...
    def named(a: int, *, b: int) -> None: ...
    def yields(a: int) -> Iterator[int]:
        yield a

    def unknown(a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # the point

    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        for function in (three, named, yields, unknown):
            with pytest.raises(HandlerUnusable):
                hub.commands.handler("x")(function)
        hub.commands.handler("x", payload_type=int)(lambda a: a)
        with pytest.raises(HandlerUnusable, match="already"):
            hub.commands.handler("x")(lambda: None)
        with pytest.raises(HandlerUnusable, match="name"):
            hub.commands.handler("")(lambda: None)


async def test_1002_acknowledges_what_is_no_known_instruction() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.commands.handler("place")(lambda: None)
        stream = await handler_stream(server)
        stream.send(command_pb2.CommandProviderInbound(instruction_id="i-1"))
        ack = (await stream.until(lambda sent: sent.HasField("ack"))).ack
        assert (ack.instruction_id, ack.success) == ("i-1", False)
        assert ack.error.error_code == "AXONIQ-1002"
        with_id = command(1)
        with_id.instruction_id = "i-2"
        stream.send(with_id)
        ack = (await stream.until(lambda sent: sent.HasField("ack"))).ack
        assert (ack.instruction_id, ack.success) == ("i-2", True)
        assert (await answer_of(stream)).request_identifier == "c-1"


async def test_no_more_is_taken_from_a_server_that_takes_no_answers() -> None:
    handled = 0
    async with fake_hub() as server, ranvier.connect(server.address) as hub:

        @hub.commands.handler("place")
        def place(order: Place) -> bytes:
            nonlocal handled
            handled += 1
            return b"x" * 64 * 1024

        stream = await handler_stream(server)
        stream.send(command(0))
        await answer_of(stream)
        stream.call.pause_reading()
        for number in range(1, 200):
            stream.send(command(number))
        # The answer to a command on its own call comes behind all that the client was sent before.
        sending = asyncio.create_task(hub.commands.send("other"))
        (await server.next_command()).answer()
        await sending
        assert handled < 30
        stream.call.resume_reading()
        answered = [(await answer_of(stream)).request_identifier for _ in range(199)]
        assert answered == [f"c-{number}" for number in range(1, 200)]
