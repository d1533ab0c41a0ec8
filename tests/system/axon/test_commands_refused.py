"""Commands that are not handled, and handlers that err: each is told its code, in band."""

from __future__ import annotations

from functools import partial

import grpc
import pytest

from ranvier.errors import RanvierError
from ranvier.services.waiting_command import WaitingCommand
from tests.support.axon_node import AxonNode
from tests.support.command_client import Caller, LiveHandler, command
from tests.support.live_call import refused

NOWHERE = [("axoniq-context", "nowhere")]


def test_no_handler_is_4000_in_band(caller: Caller) -> None:
    answer = caller.ask(command("id-1", "Nobody"))
    assert (answer.error_code, answer.request_identifier) == ("AXONIQ-4000", "id-1")
    assert answer.error_message.error_code == "AXONIQ-4000"
    assert "Nobody" in answer.error_message.message
    assert answer.message_identifier


def test_an_unknown_context_is_1302_for_callers_and_handlers(channel: grpc.Channel) -> None:
    refusal = refused(lambda: Caller(channel, NOWHERE).ask(command("id-1")))
    assert (refusal.status, refusal.axon_code) == (grpc.StatusCode.NOT_FOUND, "AXONIQ-1302")
    with LiveHandler(channel, metadata=NOWHERE) as handler:
        assert handler.call.refusal().axon_code == "AXONIQ-1302"


def test_a_handler_lost_with_a_command_is_4001(channel: grpc.Channel, caller: Caller) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(1) as handler:
        waiting = caller.dispatch(command("id-1"))
        handler.next()
    assert waiting.result(30).error_code == "AXONIQ-4001"


def test_a_handler_that_half_closes_is_lost_too(channel: grpc.Channel, caller: Caller) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(1) as handler:
        waiting = caller.dispatch(command("id-1"))
        handler.next()
        assert handler.call.rest() == []
        assert waiting.result(30).error_code == "AXONIQ-4001"
        assert caller.ask(command("id-2")).error_code == "AXONIQ-4000"


def test_what_a_lost_handler_was_not_sent_goes_to_another(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with (
        LiveHandler(channel, "other") as other,
        LiveHandler(channel).subscribe("Buy") as handler,
    ):
        waiting = caller.dispatch(command("id-1"))
        node.until_queued(1)
        other.subscribe("Buy").grant(1)
        node.settle()
        handler.call.cancel()
        other.respond(other.next().message_identifier)
        assert waiting.result(30).payload.data == b"done"


def test_what_a_lost_handler_was_not_sent_is_4000_if_there_is_no_other(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with LiveHandler(channel).subscribe("Buy"):
        waiting = caller.dispatch(command("id-1"))
        node.until_queued(1)
    assert waiting.result(30).error_code == "AXONIQ-4000"


@pytest.mark.parametrize("permits", [0, 1], ids=["waiting", "sent"])
def test_a_command_out_of_time_is_4002_and_its_late_answer_is_dropped(
    channel: grpc.Channel, caller: Caller, node: AxonNode, permits: int
) -> None:
    with LiveHandler(channel).subscribe("Buy") as handler:
        if permits:
            handler.grant(permits)
        # Time for the way to another node, where one has to be gone.
        answer = caller.ask(command("id-1", timeout_ms=1_000 if node.others else 50))
        assert (answer.error_code, answer.request_identifier) == ("AXONIQ-4002", "id-1")
        # Whether another node has sent it to its handler, the node of the caller does not know.
        is_known = permits == 0 and not node.others
        assert ("never sent" in answer.error_message.message) is is_known
        if permits:
            assert handler.next().message_identifier == "id-1"
            handler.respond("id-1")
        handler.grant(1)
        second = caller.dispatch(command("id-2"))
        assert handler.next().message_identifier == "id-2"
        handler.respond("id-2")
        assert second.result(30).request_identifier == "id-2"
    assert node.stray_answers == permits


def test_an_id_in_flight_is_4005_where_there_is_one_handler(
    channel: grpc.Channel, caller: Caller
) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(5) as handler:
        first = caller.dispatch(command("same"))
        handler.next()
        assert caller.ask(command("same")).error_code == "AXONIQ-4005"
        handler.respond("same")
        assert not first.result(30).error_code
        again = caller.dispatch(command("same"))
        handler.respond(handler.next().message_identifier)
        assert not again.result(30).error_code


def test_an_id_in_flight_goes_to_another_handler(channel: grpc.Channel, caller: Caller) -> None:
    with (
        LiveHandler(channel, "a").subscribe("Buy").grant(1) as one,
        LiveHandler(channel, "b").subscribe("Buy").grant(1) as other,
    ):
        first, second = caller.dispatch(command("same")), caller.dispatch(command("same"))
        for handler, data in ((one, b"a"), (other, b"b")):
            handler.next()
            handler.respond("same", data)
        assert {first.result(30).payload.data, second.result(30).payload.data} == {b"a", b"b"}


def test_an_id_whose_caller_has_gone_is_taken_until_its_answer_comes(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(5) as handler:
        gone = caller.dispatch(command("same"))
        handler.next()
        gone.cancel()
        node.until(lambda: node.commands.active_count == 0)
        assert caller.ask(command("same")).error_code == "AXONIQ-4005"
        handler.respond("same", b"late")
        handler.subscribe("Other")
        again = caller.dispatch(command("same"))
        handler.next()
        handler.respond("same", b"mine")
        assert again.result(30).payload.data == b"mine"


def test_a_full_mailbox_is_1900_in_band(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with LiveHandler(channel).subscribe("Buy") as handler:
        node.settle()
        node.do(fill_mailbox(node))
        assert caller.ask(command("one-more")).error_code == "AXONIQ-1900"
        urgent = caller.dispatch(command("urgent", priority=1))
        node.until_queued(10_001)
        handler.send(flow_control={"permits": 1})
        assert handler.next().message_identifier == "urgent"
        handler.respond("urgent")
        assert not urgent.result(30).error_code


def test_answers_twice_and_for_somebody_else_are_ignored_and_counted(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with (
        LiveHandler(channel, "a").subscribe("Buy").grant(5) as handler,
        LiveHandler(channel, "b").subscribe("Other").grant(5) as stranger,
    ):
        waiting = caller.dispatch(command("id-1"))
        handler.next()
        stranger.respond("id-1", b"not mine")
        stranger.subscribe("Other")
        assert not waiting.done()
        handler.respond("id-1", b"first")
        handler.respond("id-1", b"second")
        handler.respond("never-sent")
        assert waiting.result(30).payload.data == b"first"
        handler.subscribe("Buy")
        assert node.stray_answers == 3


def test_a_subscription_without_a_name_fails_by_1003_and_the_stream_goes_on(
    channel: grpc.Channel, caller: Caller
) -> None:
    with LiveHandler(channel) as handler:
        for instruction in ("subscribe", "unsubscribe"):
            ack = handler.ask(**{instruction: {"client_id": "handler-1"}})
            assert (ack.success, ack.error.error_code) == (False, "AXONIQ-1003")
        handler.subscribe("Buy").grant(1)
        waiting = caller.dispatch(command("id-1"))
        handler.respond(handler.next().message_identifier)
        assert not waiting.result(30).error_code


@pytest.mark.parametrize("name", ["", "x" * 1_001])
def test_a_first_subscription_refused_by_1003_does_not_decide_who_the_handler_is(
    channel: grpc.Channel, node: AxonNode, name: str
) -> None:
    with LiveHandler(channel) as handler:
        wrong = {"command": name, "client_id": "wrong", "component_name": "wrong"}
        assert handler.ask(subscribe=wrong).error.error_code == "AXONIQ-1003"
        right = {"command": "Buy", "client_id": "right", "component_name": "shop"}
        assert handler.ask(subscribe=right).success
        node.settle()
        (known,) = node.topology.registrations()
        assert (known.client_id, known.component_name) == ("right", "shop")


@pytest.mark.parametrize("permits", [0, -1, -(2**63)])
def test_a_grant_of_nothing_or_less_fails_by_1003_and_changes_nothing(
    channel: grpc.Channel, caller: Caller, permits: int
) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(1) as handler:
        ack = handler.ask(flow_control={"permits": permits})
        assert (ack.success, ack.error.error_code) == (False, "AXONIQ-1003")
        waiting = caller.dispatch(command("id-1"))
        handler.respond(handler.next().message_identifier)
        assert not waiting.result(30).error_code


def test_an_unknown_instruction_fails_by_1002_and_an_ack_is_taken(
    channel: grpc.Channel,
) -> None:
    with LiveHandler(channel) as handler:
        ack = handler.ask()
        assert (ack.success, ack.error.error_code) == (False, "AXONIQ-1002")
        assert handler.ask(ack={"instruction_id": "x", "success": True}).success


def test_who_answers_before_subscribing_is_ignored(
    channel: grpc.Channel, caller: Caller, node: AxonNode
) -> None:
    with LiveHandler(channel) as handler:
        handler.respond("id-1")
        handler.subscribe("Buy")
        assert node.stray_answers == 1


@pytest.mark.parametrize("message", [b"\xff\xff", b"\x22\x04\x0a\x02\xff\xff", b"\x22\x05ab"])
def test_a_broken_message_ends_the_handlers_stream_alone(
    channel: grpc.Channel, caller: Caller, message: bytes
) -> None:
    path = "/io.axoniq.axonserver.grpc.command.CommandService"
    broken = channel.stream_stream(f"{path}/OpenStream")
    refusal = refused(lambda: broken(iter([message])))
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    dispatch = channel.unary_unary(f"{path}/Dispatch")
    refusal = refused(lambda: dispatch(b"\xff\xff"))
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert caller.ask(command("id-1")).error_code == "AXONIQ-4000"


def test_a_command_too_large_for_its_handler_is_2001_and_harms_nobody(
    channel: grpc.Channel, caller: Caller
) -> None:
    with LiveHandler(channel).subscribe("Buy").grant(5) as handler:
        for size in (5 * 1024 * 1024, 4 * 1024 * 1024 - 30):
            message = command("id-1", data=bytes(size))
            refusal = refused(partial(caller.ask, message))
            assert refusal.axon_code == "AXONIQ-2001"
        waiting = caller.dispatch(command("id-2", data=bytes(3 * 1024 * 1024)))
        handler.respond(handler.next().message_identifier, bytes(3 * 1024 * 1024))
        assert len(waiting.result(30).payload.data) == 3 * 1024 * 1024


class Filler(WaitingCommand):
    """A command that nobody waits for."""

    def __init__(self, number: int) -> None:
        self.context, self.name, self.message = "default", "Buy", b""
        self.message_id = f"filler-{number}"

    def failed(self, error: RanvierError) -> None:
        """Do nothing: the test is over."""


async def fill_mailbox(node: AxonNode) -> None:
    for number in range(10_000):
        node.commands.dispatch(Filler(number))
