"""PlatformService: where clients go, the control stream, heartbeats, processors."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest

from ranvier.proto import control_pb2
from ranvier.services.keep_clients import HeartbeatSettings
from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import ServiceStub, platform_stub
from tests.support.live_call import LiveCall, refused
from tests.system.axon.conftest import StartNode, on_one_node

Inbound = control_pb2.PlatformInboundInstruction
Call = LiveCall[Inbound, control_pb2.PlatformOutboundInstruction]


@pytest.fixture
def platform(channel: grpc.Channel) -> ServiceStub:
    return platform_stub(channel)


def introduction(version: str = "4.6") -> Inbound:
    return Inbound(
        register=control_pb2.ClientIdentification(
            client_id="client-1", component_name="bank", version=version, tags={"zone": "a"}
        )
    )


def heartbeat(instruction_id: str = "") -> Inbound:
    return Inbound(heartbeat=control_pb2.Heartbeat(), instruction_id=instruction_id)


def test_a_client_is_told_this_node_and_to_keep_its_connection(platform: ServiceStub) -> None:
    info = platform.GetPlatformServer(control_pb2.ClientIdentification(client_id="c"))
    assert info.same_connection
    assert info.primary.host_name == "node-1.example.org"
    assert (info.primary.grpc_port, info.primary.http_port) == (8124, 8024)
    assert info.primary.node_name == "node-1"


def test_a_client_of_an_unknown_context_is_refused(platform: ServiceStub) -> None:
    refusal = refused(
        lambda: platform.GetPlatformServer(
            control_pb2.ClientIdentification(), metadata=[("axoniq-context", "nowhere")]
        )
    )
    assert refusal.status is grpc.StatusCode.NOT_FOUND
    assert refusal.axon_code == "AXONIQ-1302"


@on_one_node
def test_a_client_is_known_while_its_stream_is_open(platform: ServiceStub, node: AxonNode) -> None:
    with Call(platform.OpenStream, introduction()):
        node.until(lambda: bool(node.keep_clients.clients()))
        (client,) = node.keep_clients.clients()
        assert client.identity.client_id == "client-1"
        assert client.identity.component_name == "bank"
        assert dict(client.identity.tags) == {"zone": "a"}
        assert client.context == "default"
    node.until(lambda: not node.keep_clients.clients())


def test_every_instruction_with_an_id_is_acknowledged_in_order(platform: ServiceStub) -> None:
    processor = control_pb2.EventProcessorInfo(processor_name="accounts", running=True)
    with Call(platform.OpenStream, introduction()) as call:
        call.send(
            heartbeat("1"),
            heartbeat(),
            Inbound(event_processor_info=processor, instruction_id="2"),
            Inbound(
                subscribe_topology_changes=control_pb2.SubscribeTopologyChanges(),
                instruction_id="3",
            ),
            Inbound(
                unsubscribe_topology_changes=control_pb2.UnsubscribeTopologyChanges(),
                instruction_id="4",
            ),
        )
        acks = [answer.ack for answer in call.rest()]
    assert [(ack.instruction_id, ack.success) for ack in acks] == [
        ("1", True),
        ("2", True),
        ("3", True),
        ("4", True),
    ]


def test_an_unknown_instruction_is_acknowledged_as_unsupported(platform: ServiceStub) -> None:
    unknown = Inbound(instruction_id="7")
    unknown.MergeFromString(b"\xfa\x3e\x00")  # field 1007, an empty message
    with Call(platform.OpenStream, introduction(), unknown, Inbound()) as call:
        (answer,) = call.rest()
    assert answer.ack.instruction_id == "7"
    assert not answer.ack.success
    assert answer.ack.error.error_code == "AXONIQ-1002"


def test_a_broken_instruction_ends_the_stream_with_a_sentence(
    channel: grpc.Channel, node: AxonNode
) -> None:
    open_stream = channel.stream_stream(
        "/io.axoniq.axonserver.grpc.control.PlatformService/OpenStream"
    )
    refusal = refused(lambda: open_stream(iter([introduction().SerializeToString(), b"\xff"])))
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    node.until(lambda: not node.keep_clients.clients())


@on_one_node
def test_processors_are_remembered_with_their_client(platform: ServiceStub, node: AxonNode) -> None:
    status = Inbound(
        event_processor_info=control_pb2.EventProcessorInfo(
            processor_name="accounts", token_store_identifier="store", available_threads=4
        ),
        instruction_id="1",
    )
    with Call(platform.OpenStream, introduction(), status) as call:
        call.take(1)
        (client,) = node.keep_clients.clients()
        (processor,) = node.keep_clients.processors_of(client)
        assert (processor.name, processor.token_store_identifier) == ("accounts", "store")
        assert processor.available_threads == 4


def test_heartbeats_come_from_a_node_that_sends_them(start_node: StartNode) -> None:
    beating = HeartbeatSettings(is_enabled=True, interval_seconds=0.01, timeout_seconds=30)
    node = start_node(NodeSettings(heartbeats=beating))
    with grpc.insecure_channel(node.address) as channel:
        stub = platform_stub(channel)
        with Call(stub.OpenStream, introduction()) as call:
            for beat in call.take(3):
                assert beat.WhichOneof("request") == "heartbeat"
                assert beat.instruction_id == ""
        with Call(stub.OpenStream, introduction("4.2.0"), heartbeat("1")) as call:
            assert [answer.WhichOneof("request") for answer in call.rest()] == ["ack"]


def test_a_client_that_stays_silent_is_disconnected(start_node: StartNode) -> None:
    impatient = HeartbeatSettings(is_enabled=True, interval_seconds=0.01, timeout_seconds=0.05)
    node = start_node(NodeSettings(heartbeats=impatient))
    with (
        grpc.insecure_channel(node.address) as channel,
        Call(platform_stub(channel).OpenStream, introduction()) as call,
    ):
        refusal = call.refusal()
    assert refusal.status is grpc.StatusCode.UNAVAILABLE
    node.until(lambda: not node.keep_clients.clients())


@on_one_node
def test_a_node_can_ask_a_client_to_reconnect(platform: ServiceStub, node: AxonNode) -> None:
    with Call(platform.OpenStream, introduction(), heartbeat("1")) as call:
        call.take(1)
        (client,) = node.keep_clients.clients()
        node.do(calling(client.link.ask_to_reconnect))
        assert call.next().WhichOneof("request") == "request_reconnect"


@on_one_node
def test_a_stopping_node_ends_streams_so_that_clients_come_back_soon(
    platform: ServiceStub, node: AxonNode
) -> None:
    with Call(platform.OpenStream, introduction(), heartbeat("1")) as call:
        call.take(1)
        node.do(node.keep_clients.stop())
        assert call.refusal().status is grpc.StatusCode.UNAVAILABLE


@on_one_node
def test_a_stopping_node_ends_a_stream_that_never_registered_too(
    platform: ServiceStub, node: AxonNode
) -> None:
    with Call(platform.OpenStream, heartbeat("1")) as call:
        call.take(1)
        node.do(node.keep_clients.stop())
        refusal = call.refusal()
    assert refusal.status is grpc.StatusCode.UNAVAILABLE
    assert refusal.axon_code == "RANVIER-STOPPING"
    with Call(platform.OpenStream, heartbeat("1")) as late:
        assert late.refusal().axon_code == "RANVIER-STOPPING"


async def calling(work: Callable[[], None]) -> None:
    work()
