"""Services that are refused on purpose answer every call at once, with the reason."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from ranvier.axon.not_offered import REASONS, axon_services
from tests.support.axon_stubs import multi_callable
from tests.support.live_call import refused
from tests.system.axon.conftest import StartNode

METHODS = [
    method for service in axon_services() if service.name in REASONS for method in service.methods
]


@pytest.fixture
def channel(start_node: StartNode) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(start_node().address) as channel:
        yield channel


@pytest.mark.parametrize("method", METHODS, ids=[method.full_name for method in METHODS])
def test_a_refused_call_says_why(channel: grpc.Channel, method: MethodDescriptor) -> None:
    message = GetMessageClass(method.input_type)()
    request = iter([message]) if method.client_streaming else message

    refusal = refused(lambda: multi_callable(channel, method)(request))

    assert refusal.status is grpc.StatusCode.UNIMPLEMENTED
    assert method.name in refusal.text
    assert REASONS[method.containing_service.name] in refusal.text


def test_every_reason_is_for_a_service_of_the_api() -> None:
    assert set(REASONS) <= {service.name for service in axon_services()}
