"""Real nodes for the Python client: one with a classic default context, one with a DCB context."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import Hub
from tests.support.node_program import running_node


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with running_node(tmp_path_factory.mktemp("classic") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def dcb_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    directory = tmp_path_factory.mktemp("dcb") / "data"
    with running_node(directory, "--default-context-dcb") as running:
        yield running


@pytest.fixture
async def hub(node: NodeProcess) -> AsyncIterator[Hub]:
    async with ranvier.connect(node.grpc_address) as connected:
        yield connected


@pytest.fixture
async def dcb_hub(dcb_node: NodeProcess) -> AsyncIterator[Hub]:
    async with ranvier.connect(dcb_node.grpc_address) as connected:
        yield connected
