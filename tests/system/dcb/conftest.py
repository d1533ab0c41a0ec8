"""One node for all tests of the DCB services, and a context of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import grpc
import pytest

from ranvier.proto import admin_pb2
from tests.support.axon_stubs import context_admin_stub
from tests.support.dcb_client import DcbClient
from tests.support.node_program import running_node

_numbers = count()


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[grpc.Channel]:
    """A channel to a node."""
    data: Path = tmp_path_factory.mktemp("dcb") / "data"
    with running_node(data) as node, grpc.insecure_channel(node.grpc_address) as channel:
        yield channel


@pytest.fixture
def client(channel: grpc.Channel) -> DcbClient:
    """A client of a fresh DCB context."""
    context = f"dcb-{next(_numbers)}"
    request = admin_pb2.CreateContextRequest(
        name=context, replicationGroupName="any", dcbContext=True
    )
    list(context_admin_stub(channel).CreateContext(request))
    return DcbClient(channel, context)
