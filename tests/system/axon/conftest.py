"""A node for each test, on a database of its own.

Modules marked by `across_nodes` run once more on two nodes, callers at one and handlers at the
other. RANVIER_TEST_NODES=3 lets every test of this folder run on three.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import ServiceStub, event_store_stub
from tests.support.command_client import Caller
from tests.support.databases import FACTORIES
from tests.support.node_database import CHOICE

StartNode = Callable[..., AxonNode]

ASKED_FOR = os.environ.get("RANVIER_TEST_NODES")

across_nodes = pytest.mark.parametrize(
    "seats", [1, 2] if ASKED_FOR is None else [int(ASKED_FOR)], indirect=True, ids="{}-nodes".format
)


on_one_node = pytest.mark.skipif(
    ASKED_FOR not in (None, "1"), reason="looks into the one node to which its clients connect"
)


@pytest.fixture
def seats(request: pytest.FixtureRequest) -> int:
    """How many nodes there are in place of one."""
    return int(getattr(request, "param", ASKED_FOR or 1))


on_every_database = pytest.mark.parametrize(
    "database_kind", list(FACTORIES) if CHOICE == "sqlite" else [CHOICE], indirect=True
)
"""Marks what runs on each database always; TEST_DATABASE=postgres chooses that one for all."""


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database nodes are started on."""
    return str(getattr(request, "param", CHOICE))


@pytest.fixture
def start_node(tmp_path: Path, seats: int, database_kind: str) -> Iterator[StartNode]:
    """Start nodes that are stopped when the test is over."""
    nodes: list[AxonNode] = []

    def start(settings: NodeSettings | None = None) -> AxonNode:
        directory = tmp_path / f"data-{len(nodes)}"
        nodes.append(AxonNode(lambda: FACTORIES[database_kind](directory), settings, seats))
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
    with node.channel() as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> ServiceStub:
    """The node's event store."""
    return event_store_stub(channel)


@pytest.fixture
def caller(channel: grpc.Channel) -> Caller:
    """Whoever dispatches commands."""
    return Caller(channel)
