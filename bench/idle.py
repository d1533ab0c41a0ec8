"""Figures of idle clients: what 10,000 of them weigh, and what the pings of 1,000 cost."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from bench.figure import Figure
from bench.measured_node import measured_node
from bench.server_process import ServerProcess

CLIENTS = 10_000
PINGING_CLIENTS = 1_000
PROCESSES = 2
"""Of clients: each stays well below the file descriptors that one process may have."""
SETTLE_SECONDS = 2.0
MEASURE_SECONDS = 120.0
"""As long as it takes until the node has asked every silent client for a sign of life, once."""
BARE_SECONDS = 30.0
"""A bare server asks nobody: its load is the same all the time."""
KIBIBYTES_PER_MEBIBYTE = 1_024


class ClientProcess:
    """One process of clients, steered by its standard input and heard by its standard output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait_for(self, word: str) -> None:
        """Wait until the process says this word."""
        said = _pipe(self._process.stdout).readline().strip()
        if said != word:
            raise RuntimeError(f"the clients said {said!r} instead of {word!r}")

    def ping(self, count: int) -> None:
        """Let so many of its clients ping every second from now on."""
        pipe = _pipe(self._process.stdin)
        pipe.write(f"{count}\n")
        pipe.flush()
        self.wait_for("pinging")


def figures(folder: Path) -> list[Figure]:
    """Weigh a node before and after its clients came, then count the CPU that their pings take."""
    with measured_node(folder / "idle-clients") as (node, meter):
        before = meter.resident_mebibytes()
        with idle_clients(int(str(node.ready["grpc"]))) as processes:
            time.sleep(SETTLE_SECONDS)
            kibibytes = (meter.resident_mebibytes() - before) * KIBIBYTES_PER_MEBIBYTE / CLIENTS
            share = share_of_a_core(processes, meter.cpu_seconds, MEASURE_SECONDS)
    with (
        ServerProcess("bench.bare_pings") as server,
        idle_clients(server.port) as processes,
    ):
        bare_share = share_of_a_core(processes, server.cpu_seconds, BARE_SECONDS)
    what = "10,000 idle clients, 1 s pings from 1,000: of a core"
    return [
        Figure("memory of an idle client, of 10,000", kibibytes, "KiB", 40, lower_is_better=True),
        Figure(what, share, "%", 3, lower_is_better=True),
        Figure("... at a bare loop that only answers pings", bare_share, "%"),
    ]


def share_of_a_core(
    processes: list[ClientProcess], cpu_seconds: Callable[[], float], seconds: float
) -> float:
    """Let clients ping, and return the share of a core in per cent that their server takes."""
    for process in processes:
        process.ping(PINGING_CLIENTS // PROCESSES)
    time.sleep(SETTLE_SECONDS)
    started, cpu_before = time.monotonic(), cpu_seconds()
    time.sleep(seconds)
    return 100 * (cpu_seconds() - cpu_before) / (time.monotonic() - started)


@contextlib.contextmanager
def idle_clients(port: int) -> Iterator[list[ClientProcess]]:
    """Hold the clients, in processes of their own, for the length of a block."""
    with contextlib.ExitStack() as stack:
        processes = []
        for number in range(PROCESSES):
            share = CLIENTS // PROCESSES
            process = stack.enter_context(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", "bench.idle_clients"),
                        *(str(port), str(number * share), str(share)),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(_pipe(process.stdin).close)
            processes.append(ClientProcess(process))
        for client_process in processes:
            client_process.wait_for("ready")
        yield processes


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the process has no pipe")
    return pipe
