"""Figures of a node as a process: how soon it is ready, and how much memory it holds."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench.figure import Figure
from bench.fill import fill
from bench.load_connection import LoadConnection, message, request_block
from bench.measured_node import Meter, measured_node
from examples.node_process import NodeProcess
from ranvier.proto.event_pb2 import GetEventsRequest

LIST_EVENTS = "/io.axoniq.axonserver.grpc.event.EventStore/ListEvents"
STORED_EVENTS = 1_000_000
STARTS = 5
SLOW_READERS = 8
SLOW_READ_SECONDS = 6.0
SLOW_PAUSE_SECONDS = 0.02
SLOW_READ_BYTES = 4_096


def figures(folder: Path) -> list[Figure]:
    """Start an empty and a full node several times; weigh them idle and with slow readers."""
    empty = statistics.median([seconds_to_ready(folder / f"empty{n}") for n in range(STARTS)])
    full_data = folder / "read"
    fill_once(full_data)
    full = statistics.median([seconds_to_ready(full_data) for _ in range(STARTS)])
    with measured_node(folder / "idle") as (_, meter):
        idle = meter.resident_mebibytes()
    with measured_node(full_data) as (node, meter):
        slow = most_memory_with_slow_readers(int(str(node.ready["grpc"])), meter)
    return [
        Figure("start to ready, empty", empty, "s", 1.0, lower_is_better=True),
        Figure("start to ready, 1,000,000 events", full, "s", 1.2, lower_is_better=True),
        Figure("memory, idle", idle, "MiB", 90, lower_is_better=True),
        Figure(
            "memory, 8 slow readers in 1,000,000 events", slow, "MiB", 200, lower_is_better=True
        ),
    ]


def fill_once(data: Path) -> None:
    """Fill the directory unless another figure has done it."""
    if not data.exists():
        fill(data, STORED_EVENTS)


def seconds_to_ready(data: Path) -> float:
    """Start a node, stop it, return the time to its ready line."""
    node = NodeProcess(data, "--log-level", "warning")
    node.stop()
    return node.seconds_to_ready


def most_memory_with_slow_readers(port: int, meter: Meter) -> float:
    """Let readers stand at different places, each taking little at a time; return the peak."""
    readers = [LoadConnection(port) for _ in range(SLOW_READERS)]
    for number, reader in enumerate(readers):
        request = GetEventsRequest(
            tracking_token=number * STORED_EVENTS // SLOW_READERS, number_of_permits=1 << 40
        )
        reader.calls([request_block(LIST_EVENTS)], [message(request.SerializeToString())])
    peak = 0.0
    until = time.monotonic() + SLOW_READ_SECONDS
    while time.monotonic() < until:
        for reader in readers:
            reader.receive(SLOW_READ_BYTES)
        peak = max(peak, meter.resident_mebibytes())
        time.sleep(SLOW_PAUSE_SECONDS)
    for reader in readers:
        reader.close()
    return peak
