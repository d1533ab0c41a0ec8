"""Sending commands: what travels, what comes back, and what is said when nothing does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

import ranvier
from ranvier.client.errors import (
    CommandFailed,
    ConnectionLost,
    HubError,
    NoCommandHandler,
    OutcomeUnknown,
    Overloaded,
)
from ranvier.client.payload import Payload
from ranvier.proto import common_pb2
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.limits import Limits
from tests.support.fake_hub import fake_hub


@dataclass
class Place:
    lamps: int


@dataclass
class Placed:
    number: int


async def test_everything_that_is_said_travels() -> None:
    async with (
        fake_hub() as server,
        ranvier.connect(server.address, component_name="shop", client_id="shop-1") as hub,
    ):
        sending = asyncio.create_task(
            hub.commands.send(
                "orders.place",
                Place(3),
                routing_key="order-1",
                priority=7,
                timeout_seconds=2.5,
                metadata={"user": "ada", "age": 36},
                result_type=Placed,
            )
        )
        dispatched = await server.next_command()
        command = dispatched.command
        assert (command.name, command.payload.type) == ("orders.place", "Place")
        assert command.payload.data == b'{"lamps":3}'
        assert (command.client_id, command.component_name) == ("shop-1", "shop")
        assert command.timestamp > 1_700_000_000_000
        hints = {each.key: each.value for each in command.processing_instructions}
        assert hints[common_pb2.ROUTING_KEY].text_value == "order-1"
        assert hints[common_pb2.PRIORITY].number_value == 7
        assert hints[common_pb2.TIMEOUT].number_value == 2_500
        assert command.meta_data["user"].text_value == "ada"
        assert command.meta_data["age"].number_value == 36
        dispatched.answer(payload={"type": "Placed", "data": b'{"number":1}'})
        assert await sending == Placed(1)


async def test_a_command_may_be_named_by_its_type_and_is_its_own_routing_key() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        sending = asyncio.create_task(hub.commands.dispatch(Place(3)))
        dispatched = await server.next_command()
        assert dispatched.command.name == "Place"
        (key, _) = dispatched.command.processing_instructions
        assert key.value.text_value == dispatched.command.message_identifier
        dispatched.answer(
            payload={"type": "T", "data": b"\xff", "revision": "2"},
            meta_data={"x": common_pb2.MetaDataValue(text_value="y")},
        )
        reply = await sending
        assert reply.payload == Payload("T", b"\xff", "2")
        assert reply.metadata == {"x": "y"}


@pytest.mark.parametrize(
    ("code", "kind", "may_help"),
    [
        ("AXONIQ-4000", NoCommandHandler, True),
        ("AXONIQ-4001", OutcomeUnknown, False),
        ("AXONIQ-4002", CommandFailed, False),
        ("AXONIQ-4005", CommandFailed, False),
        ("AXONIQ-1900", Overloaded, True),
        ("SHOP-17", CommandFailed, False),
    ],
)
async def test_errors_in_band(code: str, kind: type[HubError], may_help: bool) -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        sending = asyncio.create_task(hub.commands.send("x"))
        (await server.next_command()).answer(
            error_code=code,
            error_message={"message": "no lamps", "location": "stock", "details": ["a", "b"]},
        )
        with pytest.raises(kind, match="no lamps") as failure:
            await sending
        error = failure.value
        assert type(error) is kind
        assert (error.code, error.retry_may_help) == (code, may_help)
        assert (error.location, error.details) == ("stock", ("a", "b"))


async def test_a_lost_answer_is_said_to_be_unknown_and_nothing_is_sent_twice() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        sending = asyncio.create_task(hub.commands.send("x"))
        await server.next_command()
        for link in server.server.links():
            link.abort()
        with pytest.raises(OutcomeUnknown):
            await sending
        await hub.connection.wait_connected()
        assert server.dispatched.empty()


async def test_no_answer_in_time_is_unknown_too() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        with pytest.raises(OutcomeUnknown, match="deadline"):
            await hub.commands.send("x", timeout_seconds=0.05)


async def test_what_no_server_has_acted_on_is_sent_again() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        sending = asyncio.create_task(hub.commands.send("x"))
        first = await server.next_command()
        first.call.stream.reset(ErrorCode.REFUSED_STREAM)
        second = await server.next_command()
        assert second.command == first.command
        second.answer(payload={"type": "int", "data": b"7"})
        assert await sending == 7


async def test_a_refusal_by_the_server_is_no_unknown_outcome() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        sending = asyncio.create_task(hub.commands.send("x"))
        call = (await server.next_command()).call
        call.finish(GrpcError(StatusCode.UNAVAILABLE, "[AXONIQ-1400] no node for the context"))
        with pytest.raises(ConnectionLost) as failure:
            await sending
        assert failure.value.code == "AXONIQ-1400"


async def test_cancelling_the_sender_cancels_the_call() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        sending = asyncio.create_task(hub.commands.send("x"))
        call = (await server.next_command()).call
        cancelled = asyncio.Event()
        call.on_cancelled = cancelled.set
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.wait_for(cancelled.wait(), 10)


FEW = GrpcLimits(http2=Limits(concurrent_streams=6))


async def test_more_calls_than_the_server_takes_wait_for_their_turn() -> None:
    async with fake_hub(limits=FEW) as server, ranvier.connect(server.address) as hub:
        sending = [asyncio.create_task(hub.commands.send("x", n)) for n in range(100)]
        given_up = sending.pop(50)
        for number in range(100):
            if number == 20:
                given_up.cancel()
            if number < 99:
                dispatched = await server.next_command()
                dispatched.answer(payload=dispatched.command.payload)
        assert await asyncio.gather(*sending) == [n for n in range(100) if n != 50]


async def test_calls_that_wait_for_their_turn_too_long_are_refused_unsent() -> None:
    async with (
        fake_hub(limits=FEW) as server,
        ranvier.connect(server.address, connect_timeout_seconds=0.2) as hub,
    ):
        sending = [asyncio.create_task(hub.commands.send("x")) for _ in range(5)]
        for _ in sending:
            await server.next_command()
        with pytest.raises(Overloaded, match="no more calls"):
            await hub.commands.send("y")
        for each in sending:
            each.cancel()
        await asyncio.wait(sending)


async def test_calls_that_wait_for_their_turn_go_to_the_next_connection() -> None:
    async with fake_hub(limits=FEW) as server, ranvier.connect(server.address) as hub:
        sending = [asyncio.create_task(hub.commands.send("x")) for _ in range(6)]
        for _ in range(5):
            await server.next_command()
        for link in server.server.links():
            link.abort()
        (await server.next_command()).answer(payload={"type": "int", "data": b"7"})
        ends = await asyncio.gather(*sending, return_exceptions=True)
        assert ends[5] == 7
        assert {type(end) for end in ends[:5]} == {OutcomeUnknown}


@pytest.mark.parametrize("code", ["RANVIER-STOPPING", "RANVIER-DRAINING"])
async def test_what_a_node_refuses_because_it_leaves_is_sent_again(code: str) -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        sending = asyncio.create_task(hub.commands.send("x"))
        refused = await server.next_command()
        refused.call.finish(GrpcError(StatusCode.UNAVAILABLE, f"[{code}] elsewhere"))
        again = await server.next_command()
        assert again.command.message_identifier == refused.command.message_identifier
        again.answer(payload={"type": "int", "data": b"7"})
        assert await sending == 7
