"""Ranvier's messages beside other packages that declare the same names in one process."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations

import pytest

NEIGHBOURS = (
    "import axonclient.client",
    "import grpc_health.v1.health_pb2, grpc_reflection.v1alpha.reflection_pb2",
    "import ranvier.proto.event_pb2, ranvier.proto.grpc.health.v1.health_pb2",
)
MEETING = """
import axonclient.protos.event_pb2 as theirs
import ranvier.proto.event_pb2 as ours
event = ours.Event(message_identifier="m-1", aggregate_sequence_number=3)
read = theirs.Event.FromString(event.SerializeToString())
assert (read.message_identifier, read.aggregate_sequence_number) == ("m-1", 3)
assert type(read) is not type(event)
"""


@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_packages_with_the_same_names_load_in_every_order(order: tuple[int, ...]) -> None:
    program = "\n".join([*(NEIGHBOURS[index] for index in order), MEETING])
    done = run(program)
    assert (done.returncode, done.stderr) == (0, "")


def test_in_one_pool_the_same_names_would_collide() -> None:
    program = """
import axonclient.protos.event_pb2
from google.protobuf import descriptor_pool
from ranvier.proto import common_pb2, event_pb2
for module in (common_pb2, event_pb2):
    descriptor_pool.Default().AddSerializedFile(module.DESCRIPTOR.serialized_pb)
"""
    done = run(program)
    assert done.returncode != 0
    assert "TypeError" in done.stderr
    assert "duplicate" in done.stderr


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
