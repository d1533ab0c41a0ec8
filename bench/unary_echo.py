"""Unary echo of 300 B over 4 connections x 32 streams: this package beside grpcio.aio.

`python -m bench.unary_echo [rounds]`. The figures are requests per second of *server CPU*, which
the operating system accounts; so the speed of the load generator does not matter.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from statistics import median

from bench.echo_server import SERVICE
from bench.figure import Figure, table
from bench.server_process import ServerProcess

RANVIER_REQUESTS = 120_000
NEW_HEADER_REQUESTS = 60_000
GRPCIO_REQUESTS = 8_000
WARM_UP_REQUESTS = 4_000


@dataclass(frozen=True, slots=True)
class Round:
    """Server CPU per request of one interleaved round, in microseconds."""

    ranvier: float
    new_header: float
    coroutine: float
    grpcio: float


def figures(rounds: int = 3) -> list[Figure]:
    """Measure so many rounds, the servers by turns, and return the medians."""
    with (
        ServerProcess("bench.echo_server", "ranvier") as ranvier,
        ServerProcess("bench.echo_server", "grpcio") as grpcio,
    ):
        for server in (ranvier, grpcio):
            cpu_per_request(server, "Unary", WARM_UP_REQUESTS)
        measured = [one_round(ranvier, grpcio) for _ in range(rounds)]
    return summary(measured)


def one_round(ranvier: ServerProcess, grpcio: ServerProcess) -> Round:
    """Load each server once."""
    return Round(
        ranvier=cpu_per_request(ranvier, "Unary", RANVIER_REQUESTS),
        new_header=cpu_per_request(ranvier, "Unary", NEW_HEADER_REQUESTS, "--new-header"),
        coroutine=cpu_per_request(ranvier, "UnaryAsync", NEW_HEADER_REQUESTS),
        grpcio=cpu_per_request(grpcio, "Unary", GRPCIO_REQUESTS),
    )


def cpu_per_request(server: ServerProcess, method: str, requests: int, *more: str) -> float:
    """Return the server's CPU per request in microseconds under one run of the load generator."""
    before = server.cpu_seconds()
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "bench.load", str(server.port), f"/{SERVICE}/{method}"),
            *("--requests", str(requests), *more),
        ],
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    answered: int = json.loads(finished.stdout)["requests"]
    return (server.cpu_seconds() - before) / answered * 1e6


def summary(measured: list[Round]) -> list[Figure]:
    """Return the published figures."""
    ranvier = median(one.ranvier for one in measured)
    grpcio = median(one.grpcio for one in measured)
    ratio = median(one.grpcio / one.ranvier for one in measured)
    return [
        Figure("unary echo, requests per server-CPU-second", 1e6 / ranvier, "/s"),
        Figure("the same by grpcio.aio", 1e6 / grpcio, "/s"),
        Figure("ratio to grpcio.aio", ratio, "x", 30),
        Figure("server CPU per request", ranvier, "µs", 5, lower_is_better=True),
        Figure(
            "the same, one header new on every call",
            median(one.new_header for one in measured),
            "µs",
            15,
            lower_is_better=True,
        ),
        Figure("the same, handler is a coroutine", median(one.coroutine for one in measured), "µs"),
    ]


if __name__ == "__main__":
    print(table(figures(int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
