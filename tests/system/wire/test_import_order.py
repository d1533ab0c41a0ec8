"""Our messages live beside those of other packages under the same names, whoever comes first."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

IMPORTS = {
    "axonclient": "import axonclient; from axonclient.client import AxonClient",
    "grpc_health": "from grpc_health.v1 import health_pb2 as theirs",
    "ranvier": (
        "from ranvier.wire.grpc.server import GrpcServer; GrpcServer();"
        "from ranvier.proto import event_pb2, control_pb2, command_pb2, query_pb2, common_pb2"
    ),
}
CHECK = (
    "from ranvier.proto.grpc.health.v1 import health_pb2 as ours;"
    "raw = theirs.HealthCheckRequest(service='a').SerializeToString();"
    "assert ours.HealthCheckRequest.FromString(raw).service == 'a';"
    "assert ours.DESCRIPTOR.pool is not theirs.DESCRIPTOR.pool"
)


@pytest.mark.parametrize("order", list(itertools.permutations(IMPORTS)))
def test_every_order_of_imports_works(order: tuple[str, ...]) -> None:
    program = "\n".join([*(IMPORTS[name] for name in order), CHECK])
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
