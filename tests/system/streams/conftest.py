"""What the tests of persistent streams share: a node, its calls, and consumers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from examples.node_process import NodeProcess
from tests.support.axon_stubs import ServiceStub, persistent_stream_stub
from tests.support.node_program import running_node
from tests.support.stream_consumer import StreamConsumer


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    with running_node(tmp_path / "data") as node:
        yield node


@pytest.fixture
def channel(node: NodeProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(node.grpc_address) as channel:
        yield channel


@pytest.fixture
def streams(channel: grpc.Channel) -> ServiceStub:
    return persistent_stream_stub(channel)


@pytest.fixture
def start(node: NodeProcess) -> Iterator[Callable[..., StreamConsumer]]:
    """Start consumers that are gone when the test is over."""
    started: list[StreamConsumer] = []

    def start(*arguments: Any, **named: Any) -> StreamConsumer:
        started.append(StreamConsumer(node.grpc_address, *arguments, **named))
        return started[-1]

    yield start
    for consumer in started:
        consumer.break_off()
