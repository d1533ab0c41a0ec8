"""Access control on a real node: every door asks for the token but those that are declared open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx2
import pytest
from google.protobuf.message_factory import GetMessageClass

from examples.node_process import NodeProcess
from ranvier.axon.not_offered import axon_services
from ranvier.proto.event_pb2 import GetLastTokenRequest, TrackingToken
from tests.support.axon_stubs import multi_callable
from tests.support.live_call import refused
from tests.support.node_program import ranvier, running_node

TOKEN = "f3b1c0de-this-is-the-token"
GET_LAST_TOKEN = "/io.axoniq.axonserver.grpc.event.EventStore/GetLastToken"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node") / "data"


@pytest.fixture(scope="module")
def node(data: Path) -> Iterator[NodeProcess]:
    """One node for all: what asks it leaves it as it was."""
    flags = ("--access-control", "--access-token", TOKEN)
    with running_node(data, *flags) as started:
        yield started


def last_token(address: str, *metadata: tuple[str, str]) -> int:
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(
            GET_LAST_TOKEN,
            request_serializer=GetLastTokenRequest.SerializeToString,
            response_deserializer=TrackingToken.FromString,
        )
        answer = call(GetLastTokenRequest(), metadata=metadata, timeout=30)
        assert isinstance(answer, TrackingToken)
        return answer.token


def test_grpc_clients_send_it_as_a_header(node: NodeProcess) -> None:
    assert last_token(node.grpc_address, ("axoniq-access-token", TOKEN)) == -1


@pytest.mark.parametrize(
    ("metadata", "code"),
    [((), "AXONIQ-1000"), ((("axoniq-access-token", "wrong"),), "AXONIQ-1001")],
)
def test_grpc_calls_without_it_are_refused(
    node: NodeProcess, metadata: tuple[tuple[str, str], ...], code: str
) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        last_token(node.grpc_address, *metadata)
    assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert code in str(refusal.value.details())


def test_every_call_of_the_api_asks_for_it(node: NodeProcess) -> None:
    methods = [method for service in axon_services() for method in service.methods]
    with grpc.insecure_channel(node.grpc_address) as channel:
        for method in methods:
            message = GetMessageClass(method.input_type)()
            request = iter([message]) if method.client_streaming else message
            refusal = refused(lambda: multi_callable(channel, method)(request, timeout=30))  # noqa: B023  # called at once
            assert refusal.axon_code == "AXONIQ-1000", method.full_name


def test_rest_asks_for_it_and_health_does_not(node: NodeProcess) -> None:
    with httpx2.Client(base_url=node.http_address) as client:
        assert client.get("/v1/public/me").status_code in {401, 403}
        assert client.get("/").status_code in {401, 403}
        with_token = {"AxonIQ-Access-Token": TOKEN}
        assert client.get("/v1/public/me", headers=with_token).json()["authentication"] is True
        for path in ("/health/live", "/health/ready", "/actuator/health", "/metrics"):
            assert client.get(path).status_code == 200, path


def test_the_command_line_sends_it(node: NodeProcess) -> None:
    without = ranvier("events", "read", "-S", node.http_address)
    assert without.code == 1
    assert "AXONIQ-1000" in without.err
    assert ranvier("events", "read", "-S", node.http_address, "-t", TOKEN).code == 0


def test_the_token_is_in_no_log(node: NodeProcess, data: Path) -> None:
    with pytest.raises(grpc.RpcError):
        last_token(node.grpc_address, ("axoniq-access-token", "guess-of-a-stranger"))
    log = data.with_name("data.log").read_text()
    assert TOKEN not in log
    assert "guess-of-a-stranger" not in log
