"""Streaming queries: results by demand, the first handler to answer, cancels."""

from __future__ import annotations

import grpc
from axonclient.protos import query_pb2

from tests.support.axon_node import AxonNode
from tests.support.query_peers import Handler, ask, data_of, hint, hints_of
from tests.system.axon.conftest import across_nodes

pytestmark = across_nodes


STREAMING = hint("CLIENT_SUPPORTS_STREAMING", True)


def test_a_streaming_query_is_demanded_and_the_first_answer_wins(channel: grpc.Channel) -> None:
    with (
        Handler(channel, "Find", component="a") as winner,
        Handler(channel, "Find", component="b") as loser,
    ):
        call = ask(channel, "Find", hints=[STREAMING])
        for handler in (winner, loser):
            hints = hints_of(handler.next_query())
            assert hints["SERVER_SUPPORTS_STREAMING"] is True
            assert hints["CLIENT_SUPPORTS_STREAMING"] is True
            demand = handler.next().query_flow_control
            assert demand.query_reference.request_id == "q-1"
            assert demand.permits == 64
        winner.result("q-1", b"0")
        assert loser.next().query_cancel.request_id == "q-1"
        loser.answer("q-1", b"lost")
        for number in range(1, 32):
            winner.result("q-1", b"%d" % number)
        assert winner.next().query_flow_control.permits == 32
        winner.complete("q-1")
        assert data_of(call) == [b"%d" % number for number in range(32)]


def test_the_cancel_of_a_streaming_query_reaches_its_handlers(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with Handler(channel, "Find", permits=1) as handler:
        call = ask(channel, "Find", hints=[STREAMING])
        handler.next_query()
        handler.next()
        call.cancel()
        # No permit is left, and none is needed.
        assert handler.next().query_cancel.request_id == "q-1"
        node.until(lambda: not node.running_queries)


def test_an_ordinary_query_has_no_streaming_hint_and_needs_no_demand(
    channel: grpc.Channel,
) -> None:
    with Handler(channel, "Find", permits=1) as handler:
        for value in ([], [hint("CLIENT_SUPPORTS_STREAMING", False)]):
            call = ask(channel, "Find", hints=value)
            assert "SERVER_SUPPORTS_STREAMING" not in hints_of(handler.next_query())
            handler.answer("q-1", *[b"x"] * 200)
            assert len(data_of(call)) == 200
            handler.grant(1)


def test_a_streaming_caller_that_does_not_read_holds_its_handler_back(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with node.channel() as own, Handler(channel, "Find") as handler:
        call = ask(own, "Find", hints=[STREAMING])
        handler.next_query()
        due = handler.next().query_flow_control.permits
        sent = 0
        # What is demanded is sent in rounds; the first round that is followed by no further demand
        # is the last: the client's windows are full, and a few results wait in the node.
        while due:
            for _ in range(due):
                handler.result("q-1", b"x" * 32_768)
            sent += due
            due = 0
            handler.send(query_pb2.QueryProviderOutbound(instruction_id="all sent"))
            while (answer := handler.next()).WhichOneof("request") == "query_flow_control":
                due += answer.query_flow_control.permits
        assert 64 <= sent < 2_000
        handler.complete("q-1")
        assert len(data_of(call)) == sent
