"""Commands of 256 B through a whole node, beside two servers that forward the same way.

One is on grpcio.aio. The other (bench/bare_forwarder.py) is the barest that Python can do: how much
of the node's time is the machine's and the interpreter's, it tells.

`python -m bench.command [rounds]`. One caller and one handler, each on its own connection, in a
process of their own. CPU is the server's alone, as the operating system accounts it.

Latency added by the node = the time from a command to its answer with one in flight, less that of
a direct unary echo of the same command to a server that has nothing to do, by the same caller; the
two take turns, so that both meet the same moments of the machine. Medians are lessened by the
median, 99th percentiles by the 99th. The echo stands for the caller's own way to a handler; what is
left is the way through the node and the handler's turn.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from bench.command_load import CommandLoad, command_template
from bench.echo_server import SERVICE as ECHO_SERVICE
from bench.figure import Figure, table
from bench.load_connection import LoadConnection, request_block
from bench.measured_node import Meter, measured_node
from bench.server_process import LOAD_CORE, SERVER_CORE, ServerProcess, pin

COMMANDS = 100_000
GRPCIO_COMMANDS = 5_000
IN_FLIGHT = 64
LATENCIES = 3_000
ECHO_BLOCK = request_block(f"/{ECHO_SERVICE}/Unary")
ECHO_BODY = (b"0" * 36).join(command_template())


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured, in microseconds."""

    node: float
    bare: float
    grpcio: float
    added_p50: float
    added_p99: float
    echo_p50: float
    echo_p99: float


def figures(folder: Path, rounds: int = 3) -> list[Figure]:
    """Measure so many rounds, the servers by turns, and return the medians."""
    available = os.sched_getaffinity(0)
    with (
        measured_node(folder / "command") as (node, meter),
        ServerProcess("bench.forwarding_server") as grpcio,
        ServerProcess("bench.bare_forwarder") as bare,
        ServerProcess("bench.echo_server", "ranvier") as echo,
    ):
        pin(node.process_id, SERVER_CORE)
        pin(0, LOAD_CORE)
        node_port = int(str(node.ready["grpc"]))
        try:
            measured = [
                Round(
                    cpu_per_command(node_port, meter, COMMANDS),
                    cpu_per_command(bare.port, bare, COMMANDS),
                    cpu_per_command(grpcio.port, grpcio, GRPCIO_COMMANDS),
                    *added_latency(node_port, echo.port),
                )
                for _ in range(rounds)
            ]
        finally:
            os.sched_setaffinity(0, available)
    return summary(measured)


def cpu_per_command(port: int, server: Meter | ServerProcess, commands: int) -> float:
    """Return the server's CPU for each of so many commands, in microseconds."""
    with closing(CommandLoad(port)) as load:
        load.run(commands // 20, IN_FLIGHT)
        before = server.cpu_seconds()
        load.run(commands, IN_FLIGHT)
        return (server.cpu_seconds() - before) / commands * 1e6


def added_latency(node_port: int, echo_port: int) -> tuple[float, float, float, float]:
    """Return what the node adds, median and 99th percentile, and the same two of the echo."""
    echoed, through = [], []
    with closing(LoadConnection(echo_port)) as direct, closing(CommandLoad(node_port)) as load:
        for _ in range(LATENCIES):
            echoed.append(echo_latency(direct))
            through.append(load.latency())
    echo_p50, echo_p99 = median(echoed) * 1e6, quantiles(echoed, n=100)[98] * 1e6
    p50, p99 = median(through) * 1e6, quantiles(through, n=100)[98] * 1e6
    return p50 - echo_p50, p99 - echo_p99, echo_p50, echo_p99


def echo_latency(connection: LoadConnection) -> float:
    """Return the seconds that an echo of a command takes."""
    ended = connection.ended
    started = time.perf_counter()
    connection.calls([ECHO_BLOCK], [ECHO_BODY])
    while connection.ended == ended:
        connection.receive()
    return time.perf_counter() - started


def summary(measured: list[Round]) -> list[Figure]:
    """Return the published figures."""
    node = median(one.node for one in measured)
    grpcio = median(one.grpcio for one in measured)
    ratio = median(one.grpcio / one.node for one in measured)
    to_bare = median(one.node / one.bare for one in measured)
    added_p50 = median(one.added_p50 for one in measured) / 1e3
    added_p99 = median(one.added_p99 for one in measured) / 1e3
    echo_p50 = median(one.echo_p50 for one in measured)
    echo_p99 = median(one.echo_p99 for one in measured)
    return [
        Figure(
            "command round trip, 64 in flight: server CPU", node, "µs", 10, lower_is_better=True
        ),
        Figure("the barest forwarder in Python", median(one.bare for one in measured), "µs"),
        Figure("the node against that", to_bare, "x"),
        Figure("commands per server-CPU-second", 1e6 / node, "/s"),
        Figure("the same by grpcio.aio, forwarding likewise", 1e6 / grpcio, "/s"),
        Figure("ratio to grpcio.aio", ratio, "x", 20),
        Figure("direct unary echo, one in flight: p50", echo_p50, "µs"),
        Figure("... p99", echo_p99, "µs"),
        Figure(
            "latency added by the node (less that echo): p50",
            added_p50,
            "ms",
            0.2,
            lower_is_better=True,
        ),
        Figure("... p99 (less the echo's p99)", added_p99, "ms", 1, lower_is_better=True),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as place:
        print(table(figures(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
