"""Subscription queries with handlers and callers that know nothing of this package."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from axonclient.protos import query_pb2

from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.query_peers import Handler, Subscriber, ask, data_of
from tests.system.axon.conftest import StartNode, across_nodes

pytestmark = across_nodes


def is_quiet(node: AxonNode) -> bool:
    """Tell whether nothing is left of any subscription query."""
    subscriptions = node.queries.subscriptions
    is_open = any(each.queries.forwarded.open_count for each in node.of_handlers)
    return not (is_open or subscriptions.open_count or subscriptions.waiting_bytes)


def test_the_old_way_subscribe_then_get_the_initial_result(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders") as caller:
        subscribe = handler.next_subscription_request("subscribe")
        assert subscribe.subscription_identifier == "q-1"
        assert subscribe.query_request.query == "Orders"
        handler.update("q-1", b"before the initial result")
        assert caller.next_update() == b"before the initial result"
        caller.ask_initial()
        request = handler.next_subscription_request("get_initial_result")
        assert request.query_request.payload.data == b"?"
        handler.initial_result("q-1", b"initial")
        answer = caller.next()
        assert answer.subscription_identifier == "q-1"
        assert answer.initial_result.payload.data == b"initial"
        handler.update("q-1", b"after it")
        assert caller.next_update() == b"after it"
        assert caller.rest() == []
        end = handler.next_subscription_request("unsubscribe")
        assert end.subscription_identifier == "q-1"
    node.until(lambda: is_quiet(node))


def test_the_new_way_an_ordinary_query_with_the_same_id(channel: grpc.Channel) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders") as caller:
        handler.next_subscription_request("subscribe")
        call = ask(channel, "Orders", "q-1")
        assert handler.next_query().message_identifier == "q-1"
        handler.update("q-1", b"update")
        handler.answer("q-1", b"initial")
        assert data_of(call) == [b"initial"]
        assert caller.next_update() == b"update"


def test_all_handlers_are_subscribed_and_one_of_each_component_is_asked(
    channel: grpc.Channel,
) -> None:
    with (
        Handler(channel, "Orders", component="a") as first,
        Handler(channel, "Orders", component="a") as second,
        Handler(channel, "Orders", component="b") as other,
        Subscriber(channel, "Orders") as caller,
    ):
        for handler in (first, second, other):
            handler.next_subscription_request("subscribe")
        caller.ask_initial()
        for handler in (first, other):
            handler.next_subscription_request("get_initial_result")
        first.initial_result("q-1", b"", error_code="AXONIQ-5001")
        other.initial_result("q-1", b"good")
        first.initial_result("q-1", b"second answer")
        for handler in (first, second, other):
            handler.update("q-1", handler.component.encode())
        seen = sorted(
            answer.update.payload.data or answer.initial_result.payload.data
            for answer in caller.take(4)
        )
        assert seen == [b"a", b"a", b"b", b"good"]
        caller.unsubscribe()
        for handler in (first, second, other):
            handler.next_subscription_request("unsubscribe")


def test_the_last_error_is_the_initial_result_where_all_failed(channel: grpc.Channel) -> None:
    with (
        Handler(channel, "Orders", component="a") as first,
        Handler(channel, "Orders", component="b") as other,
        Subscriber(channel, "Orders") as caller,
    ):
        caller.ask_initial()
        for handler in (first, other):
            handler.next_subscription_request("subscribe")
            handler.next_subscription_request("get_initial_result")
            handler.initial_result("q-1", b"", error_code="AXONIQ-5001")
        answer = caller.next()
        assert answer.initial_result.error_code == "AXONIQ-5001"


def test_axoniq_5000_ends_a_subscription_without_handlers(channel: grpc.Channel) -> None:
    with Subscriber(channel, "Nobody") as caller:
        refusal = caller.refusal()
    assert refusal.status is grpc.StatusCode.NOT_FOUND
    assert refusal.axon_code == "AXONIQ-5000"


def test_axoniq_5000_is_the_initial_result_where_the_last_handler_has_gone(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with Subscriber(channel) as caller:
        with Handler(channel, "Orders") as handler:
            caller.send(query_pb2.SubscriptionQueryRequest(subscribe=subscription("Orders")))
            handler.next_subscription_request("subscribe")
        node.until(lambda: not node.handler_streams)
        caller.ask_initial()
        assert caller.next().initial_result.error_code == "AXONIQ-5000"


def subscription(name: str, query_id: str = "q-1") -> Any:
    return query_pb2.SubscriptionQuery(
        subscription_identifier=query_id,
        query_request=query_pb2.QueryRequest(query=name, message_identifier=query_id),
    )


def test_axoniq_4001_is_the_initial_result_where_its_handler_was_lost(
    channel: grpc.Channel,
) -> None:
    with Subscriber(channel) as caller:
        with Handler(channel, "Orders") as handler:
            caller.send(query_pb2.SubscriptionQueryRequest(subscribe=subscription("Orders")))
            handler.next_subscription_request("subscribe")
            caller.ask_initial()
            handler.next_subscription_request("get_initial_result")
        assert caller.next().initial_result.error_code == "AXONIQ-4001"
        # The subscription itself is open for whoever comes.
        with Handler(channel) as later:
            later.send(query_pb2.QueryProviderOutbound(subscribe=later.offer("Orders")))
            joined = later.next_subscription_request("subscribe")
            assert joined.subscription_identifier == "q-1"
            later.update("q-1", b"from a handler that came later")
            assert caller.next_update() == b"from a handler that came later"


def test_axoniq_5006_is_the_initial_result_after_five_minutes(start_node: StartNode) -> None:
    now = [1000.0]
    node = start_node(NodeSettings(clock=lambda: now[0]))
    with (
        node.channel() as channel,
        Handler(channel, "Orders") as handler,
        Subscriber(channel, "Orders") as caller,
    ):
        handler.next_subscription_request("subscribe")
        caller.ask_initial()
        handler.next_subscription_request("get_initial_result")
        now[0] += 300
        assert caller.next().initial_result.error_code == "AXONIQ-5006"


def test_axoniq_5007_refuses_a_second_subscription_with_an_open_id(
    channel: grpc.Channel,
) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders") as first:
        handler.next_subscription_request("subscribe")
        with Subscriber(channel, "Orders") as second:
            refusal = second.refusal()
        assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.axon_code == "AXONIQ-5007"
        handler.update("q-1", b"the first is open")
        assert first.next_update() == b"the first is open"


def test_an_initial_result_before_the_subscription_is_an_error(channel: grpc.Channel) -> None:
    with Handler(channel, "Orders"), Subscriber(channel) as caller:
        caller.ask_initial()
        refusal = caller.refusal()
    assert refusal.status is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.axon_code == "RANVIER-NOT-SUBSCRIBED"


def test_a_second_subscription_on_one_call_is_told_which_one_the_call_has(
    channel: grpc.Channel,
) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders") as caller:
        handler.next_subscription_request("subscribe")
        caller.asked.subscription_identifier = "q-2"
        caller.send(query_pb2.SubscriptionQueryRequest(subscribe=caller.asked))
        refusal = caller.refusal()
        handler.next_subscription_request("unsubscribe")
    assert refusal.status is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.axon_code == "RANVIER-SUBSCRIBED-ALREADY"
    assert "'q-1'" in refusal.text


@pytest.mark.parametrize("end", ["unsubscribe", "half_close", "cancel"])
def test_however_the_caller_leaves_all_handlers_are_told(
    channel: grpc.Channel, node: AxonNode, end: str
) -> None:
    with (
        Handler(channel, "Orders") as first,
        Handler(channel, "Orders") as second,
        Subscriber(channel, "Orders") as caller,
    ):
        for handler in (first, second):
            handler.next_subscription_request("subscribe")
        getattr(caller, end)()
        for handler in (first, second):
            handler.next_subscription_request("unsubscribe")
        node.until(lambda: is_quiet(node))


def test_complete_ends_the_updates_for_all(channel: grpc.Channel, node: AxonNode) -> None:
    with (
        Handler(channel, "Orders") as first,
        Handler(channel, "Orders") as second,
        Subscriber(channel, "Orders") as caller,
    ):
        for handler in (first, second):
            handler.next_subscription_request("subscribe")
        first.update("q-1", b"last")
        first.complete_updates("q-1")
        assert caller.next_update() == b"last"
        assert caller.next().WhichOneof("response") == "complete"
        assert caller.rest() == []
        second.next_subscription_request("unsubscribe")
        second.update("q-1", b"too late")
        second.next_subscription_request("unsubscribe")
        node.until(lambda: is_quiet(node))


def test_complete_exceptionally_is_passed_on_as_it_came(channel: grpc.Channel) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders") as caller:
        handler.next_subscription_request("subscribe")
        handler.fail_updates("q-1", "AXONIQ-5003")
        ending = caller.next()
        assert ending.complete_exceptionally.error_code == "AXONIQ-5003"
        assert caller.rest() == []


def test_an_update_for_an_unknown_subscription_gets_an_unsubscribe_back(
    channel: grpc.Channel,
) -> None:
    with (
        Handler(channel, "Orders") as handler,
        Handler(channel, "Other") as stranger,
        Subscriber(channel, "Orders") as caller,
    ):
        handler.next_subscription_request("subscribe")
        for query_id in ("nobody's", "q-1"):
            stranger.update(query_id, b"for somebody else")
            end = stranger.next_subscription_request("unsubscribe")
            assert end.subscription_identifier == query_id
        stranger.complete_updates("q-1")
        stranger.initial_result("q-1", b"not asked")
        stranger.subscribe("Third")
        handler.update("q-1", b"his own")
        assert caller.next_update() == b"his own"


def test_updates_above_the_grant_wait(channel: grpc.Channel, node: AxonNode) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders", permits=2) as caller:
        handler.next_subscription_request("subscribe")
        for number in range(5):
            handler.update("q-1", b"%d" % number)
        handler.complete_updates("q-1")
        assert [caller.next_update() for _ in range(2)] == [b"0", b"1"]
        node.until(lambda: node.queries.subscriptions.waiting_bytes > 0)
        caller.grant(-7)
        caller.grant(1)
        assert caller.next_update() == b"2"
        caller.grant(10)
        assert [caller.next_update() for _ in range(2)] == [b"3", b"4"]
        assert caller.next().WhichOneof("response") == "complete"
        node.until(lambda: is_quiet(node))


def test_axoniq_1900_ends_a_query_whose_caller_grants_too_little(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders", permits=1) as caller:
        handler.next_subscription_request("subscribe")
        for _ in range(1_002):
            handler.update("q-1", b"x")
        assert caller.next_update() == b"x"
        refusal = caller.refusal()
        assert refusal.status is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refusal.axon_code == "AXONIQ-1900"
        handler.next_subscription_request("unsubscribe")
        node.until(lambda: is_quiet(node))


def test_permits_may_come_with_the_subscription(channel: grpc.Channel) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, permits=0) as caller:
        asked = subscription("Orders")
        asked.number_of_permits = 1
        caller.send(query_pb2.SubscriptionQueryRequest(subscribe=asked))
        handler.next_subscription_request("subscribe")
        handler.update("q-1", b"granted")
        assert caller.next_update() == b"granted"


def test_a_handler_that_withdraws_is_heard_no_more(channel: grpc.Channel) -> None:
    with Handler(channel, "Orders") as handler, Subscriber(channel, "Orders") as caller:
        handler.next_subscription_request("subscribe")
        caller.ask_initial()
        handler.next_subscription_request("get_initial_result")
        handler.unsubscribe("Orders")
        handler.initial_result("q-1", b"still owed")
        assert caller.next().initial_result.payload.data == b"still owed"
        handler.update("q-1", b"not heard")
        handler.next_subscription_request("unsubscribe")


def test_a_stop_of_the_node_ends_subscriptions(node: AxonNode) -> None:
    with (
        node.channel() as channel,
        Handler(channel, "Orders") as handler,
        Subscriber(channel, "Orders") as caller,
    ):
        handler.next_subscription_request("subscribe")
        node.do(node.queries.stop())
        refusal = caller.refusal()
        assert refusal.status is grpc.StatusCode.UNAVAILABLE
        assert refusal.axon_code == "RANVIER-STOPPING"
