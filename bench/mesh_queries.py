"""Queries with one result of 256 B from a caller on one node to a handler on another.

`python -m bench.mesh_queries [rounds]`. Two nodes on one PostgreSQL; caller and handler in this
process, 64 queries in flight. CPU is that of the two nodes together, as the operating system
accounts it. Beside it stands, in the same run, what they spend where the handler is local.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

import uvloop

from bench.figure import Figure, table
from bench.measured_node import Meter
from bench.query import NAME, cpu_per_query
from bench.server_process import LOAD_CORE, SERVER_CORE, pin
from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer
from examples.until import until


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
        near, far = (int(str(nodes[name].ready["grpc"])) for name in ("near", "far"))
        meters = [Meter(nodes[name].process_id) for name in ("near", "far")]

        def spent() -> float:
            return sum(meter.cpu_seconds() for meter in meters)

        def until_known() -> None:
            until(lambda: is_known(nodes), "the node knows the handler")

        local: list[float] = []
        across: list[float] = []
        for _ in range(rounds):
            for port, found in ((near, local), (far, across)):
                found.append(uvloop.run(cpu_per_query((near, port), spent, until_known)))
                until(lambda: not is_known(nodes), "the node has forgotten the handler")
    finally:
        os.sched_setaffinity(0, available)
        nodes.close()
        server.close()
    return [
        Figure("query across the mesh, 64 in flight: CPU of both nodes", median(across), "µs"),
        Figure("... the same with its handler local", median(local), "µs"),
        Figure("... across against local", median(across) / median(local), "x"),
    ]


def is_known(nodes: ClusterProcesses) -> bool:
    """Tell whether the caller's node knows a handler."""
    return NAME in str(nodes.get("near", "/v1/queries?context=default"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as place:
        print(table(figures(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
