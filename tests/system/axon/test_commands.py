"""Commands between real clients: routed by key and tag, answered once, in their order."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import grpc

from ranvier.proto import control_pb2
from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import platform_stub
from tests.support.command_client import Caller, LiveHandler, command, response
from tests.support.live_call import LiveCall, refused
from tests.system.axon.conftest import StartNode

NOWHERE = [("axoniq-context", "nowhere")]


def test_a_command_reaches_its_handler_and_the_response_comes_back_untouched(
    channel: grpc.Channel, caller: Caller
) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(10) as handler:
        message = command("id-1", metadata={"k": "v"}, priority=3, data=bytes(5_000))
        waiting = caller.dispatch(message)
        assert handler.next() == message
        answer = response("id-1", bytes(20_000))
        answer.error_code = "AXONIQ-4002"
        answer.error_message.message = "what the framework says of its own"
        answer.meta_data["k"].number_value = 7
        handler.send(command_response=answer)
        assert waiting.result(30) == answer


def test_permits_may_come_before_the_subscription(channel: grpc.Channel, caller: Caller) -> None:
    with LiveHandler(channel).grant(1).subscribe("Buy") as handler:
        waiting = caller.dispatch(command("id-1"))
        handler.respond(handler.next().message_identifier)
        assert waiting.result(30).payload.data == b"done"


def test_commands_stay_within_their_context(start_node: StartNode) -> None:
    node = start_node(NodeSettings(contexts=("default", "other")))
    other = [("axoniq-context", "other")]
    with (
        node.channel() as channel,
        LiveHandler(channel, metadata=other).subscribe("Buy").grant(1) as handler,
    ):
        assert Caller(channel).ask(command("id-1")).error_code == "AXONIQ-4000"
        waiting = Caller(channel, other).dispatch(command("id-1"))
        handler.respond(handler.next().message_identifier)
        assert not waiting.result(30).error_code


def test_priority_goes_first_then_arrival(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with LiveHandler(channel).subscribe("Buy") as handler:
        for count, (name, priority) in enumerate([("a", 0), ("b", 9), ("c", 0), ("d", 9)], 1):
            caller.dispatch(command(name, priority=priority))
            node.until_queued(count)
        handler.send(flow_control={"permits": 4})
        assert [handler.next().message_identifier for _ in range(4)] == ["b", "d", "a", "c"]


def test_unsubscribing_stops_new_commands_and_running_ones_are_answered(
    channel: grpc.Channel, caller: Caller
) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(5) as handler:
        running = caller.dispatch(command("id-1"))
        handler.next()
        handler.unsubscribe("Buy")
        assert caller.ask(command("id-2")).error_code == "AXONIQ-4000"
        handler.respond("id-1")
        assert running.result(30).payload.data == b"done"


def test_unsubscribing_moves_what_waits(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with LiveHandler(channel).subscribe("Buy", "Sell") as handler:
        buy = caller.dispatch(command("id-1", "Buy"))
        node.until_queued(1)
        sell = caller.dispatch(command("id-2", "Sell"))
        node.until_queued(2)
        handler.unsubscribe("Buy")
        assert buy.result(30).error_code == "AXONIQ-4000"
        handler.send(flow_control={"permits": 1})
        handler.respond(handler.next().message_identifier)
        assert not sell.result(30).error_code


def test_a_routing_key_keeps_its_handler(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    keys = [f"order-{number}" for number in range(20)]
    with (
        LiveHandler(channel, "a").subscribe("Buy") as one,
        LiveHandler(channel, "b").subscribe("Buy") as other,
    ):
        for turn in range(2):
            for key in keys:
                caller.dispatch(command(f"{turn} {key}", routing_key=key))
        node.until_queued(2 * len(keys))
        seen = [taken_by(handler) for handler in (one, other)]
        assert all(seen)
        assert sum(map(len, seen)) == 2 * len(keys)
        for turns in seen:
            assert {text for text in turns if text[0] == "0"} == {
                text.replace("1 ", "0 ") for text in turns if text[0] == "1"
            }


def taken_by(handler: LiveHandler) -> set[str]:
    """Return the ids of all commands that a handler is sent, up to an ack of its own."""
    handler.send(flow_control={"permits": 100})
    handler.send(ack={}, instruction_id="behind them")
    found: set[str] = set()
    while (answer := handler.call.next()).WhichOneof("request") == "command":
        found.add(answer.command.message_identifier)
    return found


def test_the_tags_of_a_client_come_before_the_ring(channel: grpc.Channel, caller: Caller) -> None:
    platform = platform_stub(channel)
    with ExitStack() as stack:
        handlers = {}
        for region in ("eu", "us"):
            register = control_pb2.PlatformInboundInstruction(
                register={"client_id": region, "tags": {"region": region}},
            )
            beat = control_pb2.PlatformInboundInstruction(heartbeat={}, instruction_id="beat")
            control = LiveCall[Any, Any](platform.OpenStream, register, beat)
            stack.enter_context(control)
            assert control.next().ack.success
            handlers[region] = stack.enter_context(LiveHandler(channel, region).subscribe("Buy"))
            handlers[region].grant(50)
        for number in range(20):
            region = ("eu", "us")[number % 2]
            waiting = caller.dispatch(command(f"id-{number}", metadata={"region": region}))
            handlers[region].respond(handlers[region].next().message_identifier)
            assert not waiting.result(30).error_code


def test_a_stopping_node_answers_what_runs_and_refuses_the_rest(start_node: StartNode) -> None:
    node = start_node()
    with (
        node.channel() as channel,
        LiveHandler(channel).subscribe("Buy").grant(1) as handler,
    ):
        running = Caller(channel).dispatch(command("id-1"))
        handler.next()
        waiting = Caller(channel).dispatch(command("id-2"))
        node.until_queued(1)
        stopping = node.begin(node.stop_commands())
        assert refused(lambda: waiting.result(30)).axon_code == "RANVIER-STOPPING"
        late = refused(lambda: Caller(channel).ask(command("id-3")))
        assert late.status is grpc.StatusCode.UNAVAILABLE
        handler.respond("id-1")
        assert not running.result(30).error_code
        assert handler.call.refusal().status is grpc.StatusCode.UNAVAILABLE
        stopping.result(30)
