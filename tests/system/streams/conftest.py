"""What the tests of persistent streams share: a node, a context each, its calls, and consumers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import grpc
import pytest

from examples.node_process import NodeProcess
from ranvier.proto import admin_pb2
from tests.support.axon_stubs import ServiceStub, context_admin_stub, persistent_stream_stub
from tests.support.context_channel import InContext
from tests.support.node_program import running_node
from tests.support.stream_consumer import StreamConsumer

_numbers = count()


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with running_node(tmp_path_factory.mktemp("streams") / "data") as node:
        yield node


@pytest.fixture
def context(node: NodeProcess) -> str:
    """An empty context."""
    name = f"streams-{next(_numbers)}"
    with grpc.insecure_channel(node.grpc_address) as channel:
        list(context_admin_stub(channel).CreateContext(admin_pb2.CreateContextRequest(name=name)))
    return name


@pytest.fixture
def channel(node: NodeProcess, context: str) -> Iterator[grpc.Channel]:
    """A channel whose calls are made in that context."""
    with grpc.insecure_channel(node.grpc_address) as channel:
        yield grpc.intercept_channel(channel, InContext(context))


@pytest.fixture
def streams(channel: grpc.Channel) -> ServiceStub:
    return persistent_stream_stub(channel)


@pytest.fixture
def start(node: NodeProcess, context: str) -> Iterator[Callable[..., StreamConsumer]]:
    """Start consumers that are gone when the test is over."""
    started: list[StreamConsumer] = []

    def start(*arguments: Any, **named: Any) -> StreamConsumer:
        started.append(StreamConsumer(node.grpc_address, *arguments, context=context, **named))
        return started[-1]

    yield start
    for consumer in started:
        consumer.break_off()
