"""A connection finds its node, introduces itself, and comes back after every kind of break."""

from __future__ import annotations

import asyncio

import pytest

import ranvier
from ranvier.client import HeartbeatSettings, ReconnectDelays
from ranvier.client.errors import (
    AccessRefused,
    HubClosed,
    HubError,
    HubUnreachable,
    NotFound,
    NotSupported,
)
from ranvier.client.hub import Hub
from ranvier.proto import control_pb2
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import FakeHub, fake_hub

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)
Outbound = control_pb2.PlatformOutboundInstruction


async def until_connected(hub: Hub, *, other_than: object = None) -> None:
    async with asyncio.timeout(10):
        while hub.connection.channel in (None, other_than):
            await hub.connection.wait_changed()


async def test_a_client_tells_which_node_it_uses() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        assert hub.connection.node == server.address


async def test_a_client_introduces_itself_and_names_context_id_and_token() -> None:
    async with fake_hub() as server:
        async with ranvier.connect(
            server.address,
            context="billing",
            component_name="shop",
            client_id="shop-1",
            tags={"region": "eu"},
            access_token="open sesame",
        ):
            control = await server.control.next()
            register = (await control.next()).register
            assert (register.client_id, register.component_name) == ("shop-1", "shop")
            assert dict(register.tags) == {"region": "eu"}
            for call in (server.asked[0], control.call):
                assert call.metadata.get("axoniq-context") == "billing"
                assert call.metadata.get("axoniq-clientid") == "shop-1"
                assert call.metadata.get("axoniq-access-token") == "open sesame"
        await asyncio.wait_for(control.closed.wait(), 10)


async def test_the_node_that_a_routing_server_names_is_dialled() -> None:
    async with fake_hub() as router, fake_hub() as node:
        router.platform_info = control_pb2.PlatformInfo(
            primary=control_pb2.NodeInfo(host_name="127.0.0.1", grpc_port=node.port)
        )
        async with ranvier.connect(router.address):
            assert (await (await node.control.next()).next()).HasField("register")
        assert len(router.asked) == 1
        assert not node.asked


async def test_a_silent_routing_server_is_passed_over() -> None:
    async with fake_hub() as gone:
        pass
    async with (
        fake_hub() as server,
        ranvier.connect(f"{gone.address},{server.address}", reconnect=QUICK),
    ):
        await server.control.next()


async def test_no_server_at_all_is_said_with_its_address() -> None:
    async with fake_hub() as gone:
        pass
    with pytest.raises(HubUnreachable, match=gone.address) as refusal:
        async with ranvier.connect(gone.address, connect_timeout_seconds=0.1):
            pass
    assert refusal.value.code == "AXONIQ-3001"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (StatusCode.PERMISSION_DENIED, "AXONIQ-1001", AccessRefused),
        (StatusCode.NOT_FOUND, "AXONIQ-1302", NotFound),
    ],
)
async def test_a_refusal_is_told_at_once(
    status: StatusCode, code: str, kind: type[HubError]
) -> None:
    async with fake_hub() as server:
        server.platform_refusal = GrpcError(status, f"[{code}] no")
        with pytest.raises(kind) as refusal:
            async with ranvier.connect(server.address):
                pass
        assert refusal.value.code == code
        assert str(refusal.value) == "no"


async def test_a_lost_server_is_found_again_on_the_same_address() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        first = hub.connection.channel
        await server.stop()
        second = FakeHub(server.port)
        await second.start()
        await until_connected(hub, other_than=first)
        await second.control.next()
        await second.stop()


async def test_a_request_to_reconnect_is_honoured_and_acknowledged() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        control = await server.control.next()
        first = hub.connection.channel
        control.send(
            Outbound(request_reconnect=control_pb2.RequestReconnect(), instruction_id="i-1")
        )
        assert (await control.until(lambda sent: sent.HasField("ack"))).ack.success
        await server.control.next()
        await until_connected(hub, other_than=first)
        await asyncio.wait_for(control.closed.wait(), 10)


async def test_a_node_that_the_list_does_not_name_is_asked_where_to_go_next() -> None:
    async with fake_hub() as first, fake_hub() as second:
        async with fake_hub() as router:
            router.platform_info = control_pb2.PlatformInfo(
                primary=control_pb2.NodeInfo(host_name="127.0.0.1", grpc_port=first.port)
            )
            hub_of = ranvier.connect(router.address, reconnect=QUICK)
            hub = await hub_of.__aenter__()
            control = await first.control.next()
        # The only server of the list is gone, and the node asks its clients to leave.
        first.platform_info = control_pb2.PlatformInfo(
            primary=control_pb2.NodeInfo(host_name="127.0.0.1", grpc_port=second.port)
        )
        before = hub.connection.channel
        control.send(Outbound(request_reconnect=control_pb2.RequestReconnect()))
        await second.control.next()
        await until_connected(hub, other_than=before)
        await hub_of.__aexit__(None, None, None)


async def test_heartbeats_are_answered_and_missing_acknowledgements_end_the_connection() -> None:
    beats = HeartbeatSettings(interval_seconds=0.02, timeout_seconds=0.1)
    async with (
        fake_hub() as server,
        ranvier.connect(server.address, reconnect=QUICK, heartbeats=beats),
    ):
        control = await server.control.next()
        control.send(Outbound(heartbeat=control_pb2.Heartbeat()))
        answer = await control.until(lambda sent: sent.HasField("heartbeat"))
        while answer.instruction_id:
            answer = await control.until(lambda sent: sent.HasField("heartbeat"))
        # Nobody acknowledges the client's own: it leaves, and comes back.
        await asyncio.wait_for(control.closed.wait(), 10)
        await server.control.next()


async def test_an_unknown_instruction_is_acknowledged_as_such() -> None:
    async with fake_hub() as server, ranvier.connect(server.address):
        control = await server.control.next()
        control.send(
            Outbound(
                pause_event_processor=control_pb2.EventProcessorReference(processor_name="p"),
                instruction_id="i-1",
            )
        )
        ack = (await control.until(lambda sent: sent.HasField("ack"))).ack
        assert (ack.instruction_id, ack.success) == ("i-1", False)
        assert ack.error.error_code == "AXONIQ-1002"


async def test_an_instruction_with_a_handler_is_acknowledged_and_handed_on() -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.connection.on_instruction(
            "pause_event_processor",
            lambda sent: seen.put_nowait(sent.pause_event_processor.processor_name),
        )
        control = await server.control.next()
        control.send(
            Outbound(
                pause_event_processor=control_pb2.EventProcessorReference(processor_name="p"),
                instruction_id="i-1",
            )
        )
        assert (await control.until(lambda sent: sent.HasField("ack"))).ack.success
        assert await asyncio.wait_for(seen.get(), 10) == "p"


async def test_a_server_without_the_platform_service_is_used_as_it_is() -> None:
    async with fake_hub() as server:
        server.platform_refusal = GrpcError(StatusCode.UNIMPLEMENTED, "unknown")
        async with ranvier.connect(server.address) as hub:
            assert hub.connection.channel is not None


async def test_a_server_that_says_goodbye_still_answers_what_it_has_taken() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        sending = asyncio.create_task(hub.commands.send("x"))
        dispatched = await server.next_command()
        stopping = asyncio.create_task(server.stop(10))
        while hub.connection.channel is not None:
            await hub.connection.wait_changed()
        dispatched.answer(payload={"type": "int", "data": b"7"})
        assert await sending == 7
        await stopping


async def test_bytes_that_are_no_message_end_the_connection_and_no_more() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, reconnect=QUICK) as hub:
        first = hub.connection.channel
        (await server.control.next()).call.send(b"\xff\xff")
        await until_connected(hub, other_than=first)
        await server.control.next()


async def test_a_routing_server_that_answers_nonsense_is_asked_again() -> None:
    async with fake_hub() as server:
        server.nonsense = 2
        async with ranvier.connect(server.address, reconnect=QUICK):
            assert len(server.asked) == 3


async def test_a_closed_hub_says_so_and_leaves_nothing_running() -> None:
    before = asyncio.all_tasks()
    async with fake_hub() as server:
        async with ranvier.connect(server.address, reconnect=QUICK) as hub:
            hub.commands.handler("x")(lambda: 1)
            hub.queries.handler("x")(lambda: 1)
            await hub.commands.ready()
            first = hub.connection.channel
            (await server.control.next()).send(
                Outbound(request_reconnect=control_pb2.RequestReconnect())
            )
            await until_connected(hub, other_than=first)
            await hub.queries.ready()
        with pytest.raises(HubClosed):
            await hub.commands.send("x")
        with pytest.raises(HubClosed):
            async with hub.queries.subscribe("x"):
                pass
        left = asyncio.all_tasks() - before
    assert not left


async def test_a_stream_of_handlers_that_is_refused_for_long_is_told() -> None:
    async with (
        fake_hub() as server,
        ranvier.connect(server.address, connect_timeout_seconds=0.2) as hub,
    ):
        server.command_handlers.refusal = GrpcError(StatusCode.UNIMPLEMENTED, "no such service")
        hub.commands.handler("x")(lambda _: None)
        with pytest.raises(NotSupported, match="no such service"):
            await asyncio.wait_for(hub.commands.ready(), 10)
