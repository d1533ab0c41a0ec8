"""QueryService with handlers and callers that know nothing of this package."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from axonclient.protos import common_pb2, query_pb2

from ranvier.proto import control_pb2
from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import platform_stub
from tests.support.live_call import LiveCall, refused
from tests.support.query_peers import (
    Handler,
    Subscriber,
    ask,
    data_of,
    hint,
    hints_of,
    query,
    query_stub,
)
from tests.system.axon.conftest import StartNode, across_nodes

pytestmark = across_nodes


def until_queued(node: AxonNode, count: int) -> None:
    node.until(lambda: node.queued_queries == count)


@pytest.fixture
def others(node: AxonNode) -> Iterator[grpc.Channel]:
    """A second connection: what one client does must not depend on another's."""
    with node.channel() as channel:
        yield channel


def test_a_query_is_answered_by_its_handler(channel: grpc.Channel, others: grpc.Channel) -> None:
    with Handler(channel, "FindOrders") as handler:
        call = ask(others, "FindOrders", "q-1", tags={"trace": "t-1"})
        asked = handler.next_query()
        assert (asked.message_identifier, asked.query) == ("q-1", "FindOrders")
        assert asked.payload.data == b"?"
        assert asked.meta_data["trace"].text_value == "t-1"
        handler.answer("q-1", b"one", b"two")
        answers = list(call)
    assert data_of(answers) == [b"one", b"two"]
    assert {answer.request_identifier for answer in answers} == {"q-1"}


def test_axoniq_5000_is_the_answer_where_nobody_handles_a_query(channel: grpc.Channel) -> None:
    (answer,) = ask(channel, "Unknown", "q-5000")
    assert answer.error_code == "AXONIQ-5000"
    assert answer.error_message.error_code == "AXONIQ-5000"
    assert "Unknown" in answer.error_message.message
    assert answer.request_identifier == "q-5000"


def test_axoniq_5007_refuses_an_id_that_is_in_flight(channel: grpc.Channel) -> None:
    with Handler(channel, "Find") as handler:
        first = ask(channel, "Find", "same")
        handler.next_query()
        (answer,) = ask(channel, "Find", "same")
        assert answer.error_code == "AXONIQ-5007"
        handler.answer("same", b"first")
        assert data_of(first) == [b"first"]
        again = ask(channel, "Find", "same")
        handler.next_query()
        handler.answer("same", b"second")
        assert data_of(again) == [b"second"]


def test_a_query_too_large_for_its_handler_is_axoniq_2001_and_harms_nobody(
    channel: grpc.Channel, others: grpc.Channel
) -> None:
    longest = 4 * 1024 * 1024
    with Handler(channel, "Find") as handler:
        asked = query("Find", "large")
        asked.payload.data = bytes(longest - asked.ByteSize() - 8)
        assert longest - 16 < asked.ByteSize() <= longest
        assert refused(lambda: query_stub(others).Query(asked)).axon_code == "AXONIQ-2001"
        with Subscriber(others) as caller:
            caller.asked.query_request.CopyFrom(asked)
            caller.asked.query_request.payload.data = bytes(longest - 80)
            caller.send(query_pb2.SubscriptionQueryRequest(subscribe=caller.asked))
            assert caller.refusal().axon_code == "AXONIQ-2001"
        call = ask(others, "Find", "q-1")
        handler.next_query()
        handler.answer("q-1", b"here still")
        assert data_of(call) == [b"here still"]


Control = LiveCall[control_pb2.PlatformInboundInstruction, control_pb2.PlatformOutboundInstruction]


class Clock:
    """Goes on only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_axoniq_5006_is_the_answer_to_what_leaves_the_queue_too_late(
    start_node: StartNode,
) -> None:
    clock = Clock()
    node = start_node(NodeSettings(clock=clock))
    with (
        node.channel() as channel,
        Handler(channel, "Find", permits=0) as handler,
    ):
        late = ask(channel, "Find", "late", hints=[hint("TIMEOUT", 700)])
        until_queued(node, 1)
        early = ask(channel, "Find", "early", hints=[hint("TIMEOUT", 900)])
        until_queued(node, 2)
        by_default = ask(channel, "Find", "default")
        until_queued(node, 3)
        clock.seconds += 0.75
        handler.grant(10)
        asked = [handler.next_query() for _ in range(2)]
        assert [hints_of(each)["TIMEOUT"] for each in asked] == [150, 4250]
        (answer,) = late
        assert answer.error_code == "AXONIQ-5006"
        for each in asked:
            handler.answer(each.message_identifier, b"in time")
        assert data_of(early) == data_of(by_default) == [b"in time"]


def test_axoniq_5006_ends_a_query_after_five_minutes(start_node: StartNode) -> None:
    clock = Clock()
    node = start_node(NodeSettings(clock=clock))
    with node.channel() as channel, Handler(channel, "Find") as handler:
        call = ask(channel, "Find")
        handler.next_query()
        clock.seconds += 300
        (answer,) = call
        assert answer.error_code == "AXONIQ-5006"
        handler.answer("q-1", b"late")
        node.until(lambda: not node.running_queries)


def test_axoniq_1900_is_the_answer_once_too_much_waits_for_a_handler(
    channel: grpc.Channel, node: AxonNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ranvier.messages.mailbox.Mailbox.__init__.__defaults__", (10,))
    with Handler(channel, "Find", permits=0) as handler:
        waiting = []
        for number in range(10):
            waiting.append(ask(channel, "Find", f"q-{number}"))
            # One after the other: the order between calls is nobody's promise.
            until_queued(node, number + 1)
        (refusal,) = ask(channel, "Find", "one too many")
        assert refusal.error_code == "AXONIQ-1900"
        urgent = ask(channel, "Find", "urgent", hints=[hint("PRIORITY", 1)])
        node.until(lambda: node.queued_queries == 11)
        handler.grant(11)
        asked = [handler.next_query().message_identifier for _ in range(11)]
        assert asked == ["urgent", *(f"q-{number}" for number in range(10))]
        for query_id in asked:
            handler.answer(query_id, query_id.encode())
        for number, call in enumerate(waiting):
            assert data_of(call) == [b"q-%d" % number]
        assert data_of(urgent) == [b"urgent"]


def test_axoniq_1302_refuses_every_call_in_an_unknown_context(channel: grpc.Channel) -> None:
    stub = query_stub(channel)
    nowhere = [("axoniq-context", "nowhere")]
    for call in (
        lambda: stub.OpenStream(iter(()), metadata=nowhere),
        lambda: stub.Subscription(iter(()), metadata=nowhere),
        lambda: ask(channel, "Find", metadata=nowhere),
    ):
        refusal = refused(call)
        assert refusal.status is grpc.StatusCode.NOT_FOUND
        assert refusal.axon_code == "AXONIQ-1302"


def test_one_handler_of_each_component_answers(channel: grpc.Channel) -> None:
    with (
        Handler(channel, "Find", component="a") as first,
        Handler(channel, "Find", component="a") as second,
        Handler(channel, "Find", component="b") as other,
    ):
        for turn, handler in enumerate((first, second, first)):
            call = ask(channel, "Find", f"q-{turn}")
            for asked in (handler, other):
                query_id = asked.next_query().message_identifier
                assert query_id == f"q-{turn}"
                asked.answer(query_id, asked.component.encode())
            assert sorted(data_of(call)) == [b"a", b"b"]


def test_errors_are_held_back_until_no_good_result_can_come(channel: grpc.Channel) -> None:
    with (
        Handler(channel, "Find", component="a") as bad,
        Handler(channel, "Find", component="b") as other,
    ):
        call = ask(channel, "Find")
        for handler in (bad, other):
            handler.next_query()
        bad.result("q-1", error_code="AXONIQ-5001")
        bad.complete("q-1")
        other.answer("q-1", b"good")
        assert data_of(call) == [b"good"]

        call = ask(channel, "Find")
        for handler in (bad, other):
            handler.next_query()
            handler.result("q-1", error_code="AXONIQ-5001")
            handler.complete("q-1")
        assert [answer.error_code for answer in call] == ["AXONIQ-5001"]


def test_axoniq_4001_tells_that_a_handler_was_lost(channel: grpc.Channel, node: AxonNode) -> None:
    with Handler(channel, "Find") as handler:
        call = ask(channel, "Find")
        handler.next_query()
    (answer,) = call
    assert answer.error_code == "AXONIQ-4001"
    node.until(lambda: not node.handler_streams)
    node.settle()
    assert not node.topology.registrations()


def test_what_was_not_sent_to_a_lost_handler_goes_to_another(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with Handler(channel, "Find", permits=0) as poor:
        call = ask(channel, "Find")
        node.until(lambda: node.queued_queries == 1)
        with Handler(channel, "Find") as other:
            node.settle()
            poor.cancel()
            other.next_query()
            other.answer("q-1", b"from another")
            assert data_of(call) == [b"from another"]


def test_a_handler_that_withdrew_gets_nothing_new_and_may_still_answer(
    channel: grpc.Channel,
) -> None:
    with Handler(channel, "Find") as handler:
        call = ask(channel, "Find")
        handler.next_query()
        handler.unsubscribe("Find")
        (refusal,) = ask(channel, "Find", "q-2")
        assert refusal.error_code == "AXONIQ-5000"
        handler.answer("q-1", b"still answered")
        assert data_of(call) == [b"still answered"]


def test_a_name_is_withdrawn_with_the_last_of_its_result_types(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with Handler(channel) as handler:
        handler.subscribe("Find", result="Order")
        handler.subscribe("Find", result="Invoice")
        node.settle()
        (registration,) = node.topology.registrations("default")
        assert registration.result_names == ("Order", "Invoice")
        handler.unsubscribe("Find", result="Order")
        node.settle()
        (registration,) = node.topology.registrations("default")
        assert registration.result_names == ("Invoice",)
        handler.unsubscribe("Find", result="Invoice")
        node.settle()
        assert node.topology.registrations("default") == []


def test_answers_that_come_twice_late_or_for_somebody_else_are_dropped(
    channel: grpc.Channel, node: AxonNode
) -> None:
    with (
        Handler(channel, "Find") as handler,
        Handler(channel, "Other", component="other") as stranger,
    ):
        call = ask(channel, "Find")
        handler.next_query()
        stranger.answer("q-1", b"not mine")
        assert stranger.instruct(ack=common_pb2.InstructionAck(instruction_id="x")).success
        handler.answer("q-1", b"mine")
        handler.answer("q-1", b"twice")
        assert data_of(call) == [b"mine"]
        handler.answer("q-0", b"never asked")
        call = ask(channel, "Find", "q-2")
        assert handler.next_query().message_identifier == "q-2"
        handler.answer("q-2", b"next")
        assert data_of(call) == [b"next"]
        node.until(lambda: not node.running_queries)


def test_bad_instructions_are_refused_in_band_and_the_stream_goes_on(
    channel: grpc.Channel,
) -> None:
    with Handler(channel) as handler:
        for request in (
            {"subscribe": handler.offer("")},
            {"unsubscribe": handler.offer("")},
            {"subscribe": handler.offer("n" * 1001)},
            {"flow_control": common_pb2.FlowControl(permits=-5)},
            {"flow_control": common_pb2.FlowControl(permits=0)},
        ):
            ack = handler.instruct(**request)
            assert (ack.success, ack.error.error_code) == (False, "AXONIQ-1003")
            assert ack.error.message
        ack = handler.instruct()
        assert (ack.success, ack.error.error_code) == (False, "AXONIQ-1002")
        handler.subscribe("Find")
        call = ask(channel, "Find")
        handler.next_query()
        handler.answer("q-1", b"works")
        assert data_of(call) == [b"works"]


def test_messages_with_an_instruction_id_work_as_those_without(channel: grpc.Channel) -> None:
    with Handler(channel, "Find") as handler:
        call = ask(channel, "Find")
        handler.next_query()
        result = query_pb2.QueryResponse(request_identifier="q-1")
        result.payload.data = b"acknowledged"
        assert handler.instruct(query_response=result).success
        complete = query_pb2.QueryComplete(request_id="q-1")
        assert handler.instruct(query_complete=complete).success
        assert data_of(call) == [b"acknowledged"]


def test_tags_of_the_control_stream_decide_within_a_component(
    channel: grpc.Channel, node: AxonNode
) -> None:
    if len(node.others) > 1:
        pytest.skip("the streams of one client would be at different nodes")
    with (
        Control(platform_stub(channel).OpenStream) as control,
        Handler(channel, component="a") as near,
        Handler(channel, "Find", component="a") as far,
    ):
        control.send(
            control_pb2.PlatformInboundInstruction(
                register=control_pb2.ClientIdentification(
                    client_id=near.client_id, component_name="a", tags={"zone": "east"}
                )
            )
        )
        node.until(lambda: any(each.keep_clients.count for each in node.of_handlers))
        near.subscribe("Find")
        for number in range(3):
            call = ask(channel, "Find", f"q-{number}", tags={"zone": "east"})
            near.next_query()
            near.answer(f"q-{number}", b"near")
            assert data_of(call) == [b"near"]
        call = ask(channel, "Find", "west", tags={"zone": "west"})
        far.next_query()
        far.answer("west", b"far")
        assert data_of(call) == [b"far"]


def test_a_cancelled_query_leaves_the_queue(channel: grpc.Channel, node: AxonNode) -> None:
    with Handler(channel, "Find", permits=0) as handler:
        call = ask(channel, "Find", "gone")
        node.until(lambda: node.queued_queries == 1)
        call.cancel()
        node.until(lambda: not node.running_queries)
        assert node.queued_queries == 0
        assert not any(each.queries.dispatch.waiting_bytes for each in node.of_handlers)
        handler.grant(1)
        call = ask(channel, "Find", "next")
        assert handler.next_query().message_identifier == "next"
        handler.answer("next")
        assert data_of(call) == []


def test_a_stop_of_the_node_ends_queries_and_handlers(node: AxonNode) -> None:
    with node.channel() as channel, Handler(channel, "Find") as handler:
        call = ask(channel, "Find")
        handler.next_query()
        stopping = node.begin(node.stop_queries())
        handler.answer("q-1", b"the last answer")
        assert data_of(call) == [b"the last answer"]
        stopping.result(30)
        refusal = handler.refusal()
        assert refusal.status is grpc.StatusCode.UNAVAILABLE
        assert refused(lambda: ask(channel, "Find")).status is grpc.StatusCode.UNAVAILABLE
