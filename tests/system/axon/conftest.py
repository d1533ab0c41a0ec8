"""A node for each test, on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import ServiceStub, event_store_stub
from tests.support.command_client import Caller
from tests.support.node_database import node_database

StartNode = Callable[..., AxonNode]


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[StartNode]:
    """Start nodes that are stopped when the test is over."""
    nodes: list[AxonNode] = []

    def start(settings: NodeSettings | None = None) -> AxonNode:
        directory = tmp_path / f"data-{len(nodes)}"
        nodes.append(AxonNode(lambda: node_database(directory), settings))
        return nodes[-1]

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture
def node(start_node: StartNode) -> AxonNode:
    """An ordinary node."""
    return start_node()


@pytest.fixture
def channel(node: AxonNode) -> Iterator[grpc.Channel]:
    """A grpcio channel to the node."""
    with grpc.insecure_channel(node.address) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> ServiceStub:
    """The node's event store."""
    return event_store_stub(channel)


@pytest.fixture
def caller(channel: grpc.Channel) -> Caller:
    """Whoever dispatches commands."""
    return Caller(channel)
