"""Handlers of a client that moves to another node: at no moment is there none."""

from __future__ import annotations

import asyncio
from typing import Any

import ranvier
from ranvier.client import ReconnectDelays
from ranvier.proto import command_pb2, common_pb2
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import FakeHub, Inbox, fake_hub

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)
Outbound = command_pb2.CommandProviderOutbound
Stream = Inbox[Outbound]


def command(number: int) -> Any:
    return command_pb2.CommandProviderInbound(
        command=command_pb2.Command(message_identifier=f"c-{number}", name="place")
    )


async def handler_stream(server: FakeHub) -> Stream:
    """Take a client's stream once it has offered its handler."""
    stream = await server.command_handlers.next()
    await stream.until(lambda sent: sent.HasField("subscribe"))
    return stream


async def answer_of(stream: Stream) -> command_pb2.CommandResponse:
    return (await stream.until(lambda sent: sent.HasField("command_response"))).command_response


async def test_a_client_that_is_asked_to_move_answers_what_it_has_begun() -> None:
    release = asyncio.Event()
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:

        @hub.commands.handler("place")
        async def place() -> str:
            await release.wait()
            return "done"

        control = await server.control.next()
        first = await handler_stream(server)
        first.send(command(1))
        control.call.send(b"\x1a\x00")  # request_reconnect
        await handler_stream(server)
        await first.until(lambda sent: sent.HasField("unsubscribe"))
        assert not first.closed.is_set()
        release.set()
        assert (await answer_of(first)).payload.data == b'"done"'
        await asyncio.wait_for(first.closed.wait(), 10)
        assert first.has_half_closed


async def test_a_client_that_moves_serves_at_its_old_place_until_the_new_one_confirms() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        hub.commands.handler("place")(lambda: 1)
        control = await server.control.next()
        first = await handler_stream(server)
        server.command_handlers.acknowledges = False
        control.call.send(b"\x1a\x00")  # request_reconnect
        second = await server.command_handlers.next()
        offer = await second.until(lambda sent: sent.HasField("subscribe"))
        first.send(command(1))
        # Had it left the old stream already, that would have come before.
        assert (await first.next()).HasField("command_response")
        server.command_handlers.acknowledges = True
        ack = common_pb2.InstructionAck(instruction_id=offer.instruction_id, success=True)
        second.send(command_pb2.CommandProviderInbound(ack=ack))
        await first.until(lambda sent: sent.HasField("unsubscribe"))
        await asyncio.wait_for(first.closed.wait(), 10)
        second.send(command(2))
        assert (await answer_of(second)).payload.data == b"1"


async def test_a_client_serves_at_its_old_place_until_a_node_takes_it_in() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        hub.commands.handler("place")(lambda: 1)
        control = await server.control.next()
        first = await handler_stream(server)
        server.command_handlers.refusal = GrpcError(
            StatusCode.UNAVAILABLE, "[RANVIER-DRAINING] elsewhere"
        )
        control.call.send(b"\x1a\x00")  # request_reconnect
        control = await server.control.next()
        first.send(command(1))
        assert (await first.next()).HasField("command_response")
        server.command_handlers.refusal = None
        control.call.send(b"\x1a\x00")
        second = await handler_stream(server)
        await first.until(lambda sent: sent.HasField("unsubscribe"))
        await asyncio.wait_for(first.closed.wait(), 10)
        second.send(command(2))
        assert (await answer_of(second)).payload.data == b"1"


async def test_a_handler_withdrawn_while_its_client_moves_is_withdrawn_at_both_places() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        hub.commands.handler("place")(lambda: 1)
        control = await server.control.next()
        first = await handler_stream(server)
        server.command_handlers.acknowledges = False
        control.call.send(b"\x1a\x00")  # request_reconnect
        second = await handler_stream(server)
        server.command_handlers.acknowledges = True
        await hub.commands.unsubscribe("place")
        for stream in (first, second):
            await stream.until(lambda sent: sent.HasField("unsubscribe"))
        await asyncio.wait_for(first.closed.wait(), 10)
