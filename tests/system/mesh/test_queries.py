"""Queries between nodes: links that are lost, tables that are old, callers that do not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from axonclient.protos import query_pb2

from ranvier.mesh.query_link import QueryLink
from ranvier.messages.handler import Handler as TableHandler
from ranvier.proto import admin_pb2, control_pb2
from ranvier.services.topology import Registration
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.axon_node import AxonNode
from tests.support.axon_stubs import platform_stub, processor_admin_stub
from tests.support.live_call import LiveCall, refused
from tests.support.query_peers import Handler, Subscriber, ask, data_of, hint

STREAMING = hint("CLIENT_SUPPORTS_STREAMING", True)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AxonNode]:
    """The node of the callers; its other is the node of the handlers."""
    node = AxonNode(lambda: SqliteDatabase(tmp_path / "data"), seats=2)
    yield node
    node.stop()


@pytest.fixture
def channel(node: AxonNode) -> Iterator[grpc.Channel]:
    with node.channel() as channel:
        yield channel


def cut(node: AxonNode) -> None:
    """Lose the links of both nodes; they come back by themselves."""

    async def cut_all() -> None:
        for each in (node, *node.others):
            each.mesh.server.close("cut by the test")

    node.do(cut_all())


def test_axoniq_4001_at_once_where_the_link_is_lost_in_the_middle(
    node: AxonNode, channel: grpc.Channel
) -> None:
    with Handler(channel, "Find") as handler:
        call = ask(channel, "Find")
        handler.next_query()
        handler.result("q-1", b"the first of many")
        assert next(call).payload.data == b"the first of many"
        unread = ask(channel, "Find", "q-2")
        handler.next_query()
        cut(node)
        assert list(call) == []
        assert [each.error_code for each in unread] == ["AXONIQ-4001"]
        node.until(node.is_linked)
        handler.answer("q-1")
        handler.answer("q-2")
        again = ask(channel, "Find", "q-3")
        handler.next_query()
        handler.answer("q-3", b"linked again")
        assert data_of(again) == [b"linked again"]
        node.until(lambda: not node.running_queries)


def test_a_streaming_caller_is_told_of_a_lost_link_after_what_came_before(
    node: AxonNode, channel: grpc.Channel
) -> None:
    with Handler(channel, "Find") as handler:
        call = ask(channel, "Find", hints=[STREAMING])
        handler.next_query()
        handler.next()
        handler.result("q-1", b"part")
        assert next(call).payload.data == b"part"
        cut(node)
        (error,) = call
        assert error.error_code == "AXONIQ-4001"
        assert handler.next().query_cancel.request_id == "q-1"


def test_who_does_not_read_holds_up_his_own_handler_and_nobody_else(
    node: AxonNode, channel: grpc.Channel
) -> None:
    with (
        node.channel() as other,
        Handler(channel, "Slow") as slow,
        Handler(channel, "Fast", component="fast") as fast,
    ):
        unread = ask(channel, "Slow", hints=[STREAMING])
        slow.next_query()
        due = slow.next().query_flow_control.permits
        sent = 0
        while due:
            for _ in range(due):
                slow.result("q-1", b"x" * 32_768)
            sent += due
            due = 0
            slow.send(query_pb2.QueryProviderOutbound(instruction_id="all sent"))
            while (said := slow.next()).WhichOneof("request") == "query_flow_control":
                due += said.query_flow_control.permits
            for number in range(10):
                query_id = f"fast-{sent}-{number}"
                call = ask(other, "Fast", query_id)
                fast.next_query()
                fast.answer(query_id, b"y" * 32_768)
                assert len(data_of(call)) == 1
        assert 64 <= sent < 2_000
        unread.cancel()
        node.until(lambda: not node.running_queries)


def planted(node: AxonNode, component: str) -> None:
    """Let the callers' node believe in a handler that its node does not have any more."""

    async def plant() -> None:
        (link,) = node.mesh.links.links()
        handlers = node.queries.handlers
        handler = TableHandler("default", "old", "old.query.1", component, {}, node.others[0].name)
        way = QueryLink(link, node.queries, "old.query.1")
        way.stream = handlers.opened_elsewhere(handler, way)
        registration = Registration(
            "query", "default", "Find", "old", "old.query.1", component, node=handler.node
        )
        handlers.offered_elsewhere(way.stream, registration)

    node.do(plant())


def test_a_query_for_a_handler_that_has_left_goes_to_another_of_its_component(
    node: AxonNode, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Handler(channel, "Find") as handler:
        node.settle()
        planted(node, "shop")
        monkeypatch.setattr(node, "knows_the_others", lambda: True)
        for number in range(4):
            call = ask(channel, "Find", f"q-{number}")
            assert handler.next_query().message_identifier == f"q-{number}"
            handler.answer(f"q-{number}", b"found")
            assert data_of(call) == [b"found"]


def test_axoniq_5000_where_the_only_handler_has_left(
    node: AxonNode, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(node, "gone")
    monkeypatch.setattr(node, "knows_the_others", lambda: True)
    (answer,) = ask(channel, "Find")
    assert answer.error_code == "AXONIQ-5000"


def test_a_subscription_outlives_a_link_and_is_told_of_again(
    node: AxonNode, channel: grpc.Channel
) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders") as caller:
        handler.next_subscription_request("subscribe")
        handler.update("q-1", b"before")
        assert caller.next_update() == b"before"
        caller.ask_initial()
        handler.next_subscription_request("get_initial_result")
        cut(node)
        assert caller.next().initial_result.error_code == "AXONIQ-4001"
        handler.next_subscription_request("unsubscribe")
        handler.next_subscription_request("subscribe")
        handler.update("q-1", b"after")
        assert caller.next_update() == b"after"
        caller.unsubscribe()
        handler.next_subscription_request("unsubscribe")
        node.until(lambda: not node.others[0].queries.forwarded.open_count)


def test_clients_are_told_of_the_handlers_of_all_nodes(node: AxonNode) -> None:
    watch = control_pb2.PlatformInboundInstruction(
        subscribe_topology_changes=control_pb2.SubscribeTopologyChanges(), instruction_id="w"
    )
    with (
        grpc.insecure_channel(node.address) as own,
        node.channel() as channel,
        LiveCall[Any, Any](platform_stub(own).OpenStream, watch) as watcher,
    ):
        assert watcher.next().ack.success
        with Handler(channel, "Find") as handler:
            came = watcher.next().topology_change
            assert came.update_type == control_pb2.ADD_QUERY_HANDLER
            assert (came.client_id, came.query.name) == (handler.client_id, "Find")
            assert came.client_stream_id.endswith("@node-2")
            cut(node)
            for kind in (control_pb2.REMOVE_QUERY_HANDLER, control_pb2.ADD_QUERY_HANDLER):
                assert watcher.next().topology_change.update_type == kind
        assert watcher.next().topology_change.update_type == control_pb2.REMOVE_QUERY_HANDLER


def test_an_instruction_fails_at_once_where_the_link_is_lost(
    node: AxonNode, channel: grpc.Channel
) -> None:
    register = control_pb2.ClientIdentification(
        client_id="far", component_name="bank", version="4.6"
    )
    info = control_pb2.EventProcessorInfo(
        processor_name="accounts", token_store_identifier="store", running=True
    )
    inbound: Callable[..., Any] = control_pb2.PlatformInboundInstruction
    named = admin_pb2.EventProcessorIdentifier(
        processor_name="accounts", token_store_identifier="store"
    )
    stream = platform_stub(channel).OpenStream
    with LiveCall[Any, Any](stream, inbound(register=register)) as client:
        client.send(inbound(event_processor_info=info, instruction_id="told"))
        client.next()
        admin = processor_admin_stub(channel)
        with ThreadPoolExecutor(1) as pool:
            pending = pool.submit(refused, lambda: admin.PauseEventProcessor(named))
            assert client.next().HasField("pause_event_processor")
            cut(node)
            assert pending.result(30).axon_code == "AXONIQ-1003"
