"""A node for each test, on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.memory_event_log import MemoryDatabase

StartNode = Callable[..., AxonNode]


@pytest.fixture
def start_node() -> Iterator[StartNode]:
    """Start nodes that are stopped when the test is over."""
    nodes: list[AxonNode] = []

    def start(settings: NodeSettings | None = None) -> AxonNode:
        nodes.append(AxonNode(MemoryDatabase, settings))
        return nodes[-1]

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture
def node(start_node: StartNode) -> AxonNode:
    """An ordinary node."""
    return start_node()
