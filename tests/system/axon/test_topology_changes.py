"""Topology changes on the control stream: the whole list first, then each change."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import grpc
import pytest

from ranvier.axon.control_stream import ControlServices, ControlStream
from ranvier.axon.topology_stream import LISTED_BYTES, QUEUED_BYTES, TopologyStream
from ranvier.proto import control_pb2
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.keep_clients import KeepClients
from ranvier.services.topology import Registration, Topology
from ranvier.wire.grpc.server_call import ServerCall
from tests.support.axon_node import AxonNode
from tests.support.axon_stubs import platform_stub
from tests.support.live_call import LiveCall
from tests.system.axon.conftest import on_one_node

Inbound = control_pb2.PlatformInboundInstruction
Call = LiveCall[Inbound, control_pb2.PlatformOutboundInstruction]

WATCH = Inbound(
    subscribe_topology_changes=control_pb2.SubscribeTopologyChanges(), instruction_id="w"
)
UNWATCH = Inbound(
    unsubscribe_topology_changes=control_pb2.UnsubscribeTopologyChanges(), instruction_id="u"
)
TRANSFER = Registration("command", "default", "Transfer", "c-1", "s-1", "bank", load_factor=50)
BALANCE = Registration("query", "default", "Balance", "c-1", "s-2", "bank")
ELSEWHERE = Registration("command", "other", "Transfer", "c-1", "s-3", "bank")


def tell(node: AxonNode, registration: Registration, *, is_added: bool = True) -> None:
    async def change() -> None:
        (node.topology.added if is_added else node.topology.removed)(registration)

    node.do(change())


@on_one_node
def test_a_watcher_gets_the_list_then_each_change_until_it_has_enough(
    channel: grpc.Channel, node: AxonNode
) -> None:
    tell(node, TRANSFER)
    tell(node, ELSEWHERE)
    with Call(platform_stub(channel).OpenStream, WATCH) as call:
        listed, ack = call.take(2)
        assert ack.ack.success
        change = listed.topology_change
        assert change.update_type == control_pb2.ADD_COMMAND_HANDLER
        assert (change.command.name, change.command.load_factor) == ("Transfer", 50)
        assert (change.context, change.component_name) == ("default", "bank")
        assert (change.client_id, change.client_stream_id) == ("c-1", "s-1")
        tell(node, BALANCE)
        tell(node, TRANSFER, is_added=False)
        came, went = (each.topology_change for each in call.take(2))
        assert (came.update_type, came.query.name) == (control_pb2.ADD_QUERY_HANDLER, "Balance")
        assert went.update_type == control_pb2.REMOVE_COMMAND_HANDLER
        tell(node, BALANCE, is_added=False)
        assert call.next().topology_change.update_type == control_pb2.REMOVE_QUERY_HANDLER
        call.send(UNWATCH)
        assert call.next().ack.instruction_id == "u"
        tell(node, TRANSFER)
        assert call.rest() == []


def test_asking_again_sends_the_list_again(channel: grpc.Channel, node: AxonNode) -> None:
    tell(node, TRANSFER)
    with Call(platform_stub(channel).OpenStream, WATCH, WATCH) as call:
        kinds = [each.WhichOneof("request") for each in call.rest()]
    assert kinds == ["topology_change", "ack"] * 2


class SlowCall:
    """Keeps what is sent, as if nobody read it."""

    headers = ()

    def __init__(self) -> None:
        self.queued_bytes = 0
        self.read: list[str] = []
        self.sent: list[control_pb2.TopologyChange] = []

    def send(self, message: bytes) -> None:
        self.queued_bytes += len(message)
        outbound = control_pb2.PlatformOutboundInstruction.FromString(message)
        self.sent.append(outbound.topology_change)

    def pause_reading(self) -> None:
        self.read.append("pause")

    def resume_reading(self) -> None:
        self.read.append("resume")


def named(number: int) -> Registration:
    return Registration("command", "default", f"Command{number}", "c-1", "s-1", "bank")


def test_a_long_list_is_sent_in_portions_with_what_changes_meanwhile() -> None:
    topology, call = Topology(), SlowCall()
    for number in range(6_000):
        topology.added(named(number))
    stream = TopologyStream(cast("ServerCall", call), topology, "default")
    assert LISTED_BYTES < call.queued_bytes < LISTED_BYTES + 100
    topology.removed(named(0))
    topology.removed(named(5_999))
    topology.added(replace(named(5_998), load_factor=7))
    known: dict[str, int] = {}
    portions = 0
    while call.sent:
        portions += 1
        for change in call.sent:
            if change.update_type == control_pb2.ADD_COMMAND_HANDLER:
                known[change.command.name] = change.command.load_factor
            else:
                del known[change.command.name]
        call.queued_bytes = 0
        call.sent.clear()
        stream.writable()
        assert call.queued_bytes < QUEUED_BYTES
    assert portions > 3
    told = {each.name: each.load_factor for each in topology.registrations("default")}
    assert known == told
    stream.stop()


def test_a_watcher_that_falls_behind_within_the_list_begins_anew() -> None:
    topology, call = Topology(), SlowCall()
    for number in range(6_000):
        topology.added(named(number))
    stream = TopologyStream(cast("ServerCall", call), topology, "default")
    call.queued_bytes = QUEUED_BYTES + 1
    topology.removed(named(0))
    call.queued_bytes = 0
    call.sent.clear()
    stream.writable()
    assert call.sent[0].update_type == control_pb2.RESET_ALL
    assert call.sent[1].command.name == "Command1"
    stream.stop()
    call.queued_bytes = 0
    call.sent.clear()
    stream.writable()
    assert call.sent == []


@on_one_node
def test_a_list_above_what_a_stream_may_queue_reaches_its_watcher(
    channel: grpc.Channel, node: AxonNode
) -> None:
    count, padding = 17_000, "x" * 1_000

    async def register() -> None:
        for number in range(count):
            node.topology.added(
                Registration("command", "default", f"{padding}{number}", "c-1", "s-1", "bank")
            )

    node.do(register())
    with Call(platform_stub(channel).OpenStream, WATCH) as call:
        answers = call.take(count + 1)
    listed = {each.topology_change.command.name for each in answers}
    assert len(listed) == count + 1


@pytest.mark.parametrize("instruction_id", ["", "w"])
def test_a_client_that_leaves_much_unread_is_read_no_more(instruction_id: str) -> None:
    topology, call = Topology(), SlowCall()
    for number in range(6_000):
        topology.added(named(number))
    services = ControlServices(
        KeepClients(lambda: 0.0), InstructClients(lambda: instruction_id), topology
    )
    stream = ControlStream(cast("ServerCall", call), services)
    asked = Inbound(
        subscribe_topology_changes=control_pb2.SubscribeTopologyChanges(),
        instruction_id=instruction_id,
    )
    stream.message_received(asked.SerializeToString())
    assert call.read == ["pause"]
    call.queued_bytes = 0
    stream.writable()
    assert call.read == ["pause", "resume"]
    stream.cancelled()


@pytest.mark.parametrize("rounds", [QUEUED_BYTES // 20])
def test_a_watcher_that_does_not_read_is_bounded_and_begins_anew(rounds: int) -> None:
    topology, call = Topology(), SlowCall()
    stream = TopologyStream(cast("ServerCall", call), topology, "default")
    stream.writable()
    for _ in range(rounds):
        topology.added(TRANSFER)
        topology.removed(TRANSFER)
    topology.added(BALANCE)
    assert QUEUED_BYTES < call.queued_bytes < QUEUED_BYTES + 100
    assert len(call.sent) < 2 * rounds
    call.queued_bytes = 0
    call.sent.clear()
    stream.writable()
    reset, listed = call.sent
    assert reset.update_type == control_pb2.RESET_ALL
    assert listed.query.name == "Balance"
    stream.stop()
    topology.added(TRANSFER)
    assert len(call.sent) == 2
