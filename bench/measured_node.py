"""A node under measurement: a child process whose CPU time the operating system counts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

from examples.node_process import NodeProcess


class Meter:
    """Counts what one process, with its threads, has used so far."""

    def __init__(self, process_id: int) -> None:
        self._process = psutil.Process(process_id)

    def cpu_seconds(self) -> float:
        """User and system time of the process, in seconds (ticks of 10 ms)."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def resident_mebibytes(self) -> float:
        """Memory that the process holds now."""
        return float(self._process.memory_info().rss) / (1 << 20)


@contextlib.contextmanager
def measured_node(data: Path, *flags: str) -> Iterator[tuple[NodeProcess, Meter]]:
    """Run a node as the README starts it, and stop it afterwards."""
    node = NodeProcess(data, "--log-level", "warning", *flags)
    try:
        yield node, Meter(node.process_id)
    finally:
        node.stop()
