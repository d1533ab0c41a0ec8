"""Commands of 256 B from a caller on one node to a handler on another: what both nodes spend.

`python -m bench.mesh [rounds]`. Two nodes on one PostgreSQL; caller and handler in a process of
their own. CPU is that of the two nodes together, as the operating system accounts it. Beside it
stands, in the same run, what one node spends where the handler is local.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from bench.command_load import COMMAND_NAME, CommandLoad
from bench.figure import Figure, table
from bench.measured_node import Meter
from bench.server_process import LOAD_CORE, SERVER_CORE, pin
from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer
from examples.until import until

COMMANDS = 50_000
IN_FLIGHT = 64
LATENCIES = 2_000


def figures(folder: Path, rounds: int = 3) -> list[Figure]:
    """Measure so many rounds, near and far by turns, and return the medians."""
    available = os.sched_getaffinity(0)
    server = PostgresServer()
    nodes = ClusterProcesses(folder, server.address())
    try:
        nodes.start_all(["near", "far"], "--log-level", "warning")
        for name in ("near", "far"):
            pin(nodes[name].process_id, SERVER_CORE)
        pin(0, LOAD_CORE)
        ports = {name: int(str(nodes[name].ready["grpc"])) for name in ("near", "far")}
        meters = [Meter(nodes[name].process_id) for name in ("near", "far")]

        def spent() -> float:
            return sum(meter.cpu_seconds() for meter in meters)

        local, across, latencies = [], [], []
        for _ in range(rounds):
            with closing(CommandLoad(ports["near"])) as load:
                local.append(cpu_per_command(load, spent))
            with closing(CommandLoad(ports["near"], ports["far"])) as load:
                until(lambda: is_known(nodes), "the node knows the handler")
                across.append(cpu_per_command(load, spent))
                latencies += [load.latency() for _ in range(LATENCIES)]
            until(lambda: not is_known(nodes), "the node has forgotten the handler")
    finally:
        os.sched_setaffinity(0, available)
        nodes.close()
        server.close()
    return summary(local, across, latencies)


def is_known(nodes: ClusterProcesses) -> bool:
    """Tell whether the caller's node knows a handler."""
    return COMMAND_NAME in str(nodes.get("near", "/v1/commands?context=default"))


def cpu_per_command(load: CommandLoad, spent: Callable[[], float]) -> float:
    """Return what both nodes spend on each of so many commands, in microseconds."""
    load.run(COMMANDS // 20, IN_FLIGHT)
    before = spent()
    load.run(COMMANDS, IN_FLIGHT)
    return (spent() - before) / COMMANDS * 1e6


def summary(local: list[float], across: list[float], latencies: list[float]) -> list[Figure]:
    """Return the published figures."""
    far, near = median(across), median(local)
    return [
        Figure(
            "command across the mesh, 64 in flight: CPU of both nodes",
            far,
            "µs",
            30,
            lower_is_better=True,
        ),
        Figure("... the same with its handler local", near, "µs"),
        Figure("... across against local", far / near, "x"),
        Figure("... round trip, one in flight: p50", median(latencies) * 1e6, "µs"),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as place:
        print(table(figures(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
