"""With an access token required, no call is made without it; none is named in a text."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ranvier.proto import control_pb2, event_pb2
from ranvier.security.secret import Secret
from tests.support.axon_node import NodeSettings
from tests.support.axon_stubs import event_store_stub, multi_callable
from tests.support.live_call import refused
from tests.system.axon.conftest import StartNode

TOKEN = "correct-horse-battery"
METHODS = [
    method
    for service in (
        event_pb2.DESCRIPTOR.services_by_name["EventStore"],
        control_pb2.DESCRIPTOR.services_by_name["PlatformService"],
    )
    for method in service.methods
]


@pytest.fixture
def guarded(start_node: StartNode) -> Iterator[grpc.Channel]:
    node = start_node(NodeSettings(access_token=Secret(TOKEN)))
    with grpc.insecure_channel(node.address) as channel:
        yield channel


@pytest.mark.parametrize("method", METHODS, ids=[method.name for method in METHODS])
def test_every_method_asks_for_the_token(guarded: grpc.Channel, method: MethodDescriptor) -> None:
    call = multi_callable(guarded, method)
    message = GetMessageClass(method.input_type)()

    def code(*metadata: tuple[str, str]) -> str:
        request = iter([message]) if method.client_streaming else message
        refusal = refused(lambda: call(request, metadata=metadata))
        assert refusal.status is grpc.StatusCode.PERMISSION_DENIED
        assert TOKEN not in refusal.text
        return refusal.axon_code

    assert code() == "AXONIQ-1000"
    assert code(("axoniq-access-token", "")) == "AXONIQ-1000"
    assert code(("axoniq-access-token", TOKEN + "x")) == "AXONIQ-1001"
    assert code(("axoniq-access-token", TOKEN.upper())) == "AXONIQ-1001"


@pytest.mark.parametrize("header", ["axoniq-access-token", "access-token"])
def test_the_right_token_opens_the_door_under_both_names(
    guarded: grpc.Channel, header: str
) -> None:
    stub = event_store_stub(guarded)
    answer = stub.GetLastToken(event_pb2.GetLastTokenRequest(), metadata=[(header, TOKEN)])
    assert answer.token == -1


def test_health_is_told_to_everybody(guarded: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(guarded)
    assert health.Check(health_pb2.HealthCheckRequest()).status
