"""`make cluster`: three nodes and their PostgreSQL, which stay until Control-C."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from pathlib import Path

from rich.console import Console
from rich.table import Table

from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer

NODES = ("north", "east", "west")
RESTART_SECONDS = 5.0
"""Long enough to look at a cluster that has lost a node."""

console = Console(highlight=False, width=100)


def main() -> int:
    """Start everything, say where it is, wait to be told to stop, and end everything."""
    asked_to_stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: asked_to_stop.set())
    console.print("Starting PostgreSQL from a wheel, and three nodes on it ...")
    server = PostgresServer()
    with tempfile.TemporaryDirectory(prefix="ranvier-cluster-") as folder:
        nodes = ClusterProcesses(Path(folder), server.address())
        try:
            nodes.start_all(NODES)
            nodes.until_all_see("running", *NODES)
            print_table(nodes)
            watch(nodes, asked_to_stop)
        finally:
            stop(nodes)
            server.close()
    console.print("All nodes and the database have ended; their data is gone.")
    return 0


def print_table(nodes: ClusterProcesses) -> None:
    """Say where everything is, and what to try."""
    table = Table(title="Three equal nodes on one PostgreSQL")
    for column in ("node", "process", "clients (gRPC)", "pages and REST (HTTP)"):
        table.add_column(column)
    for name in NODES:
        node = nodes[name]
        table.add_row(name, str(node.process_id), node.grpc_address, node.http_address)
    console.print(table)
    first = nodes[NODES[0]]
    servers = ",".join(nodes[name].grpc_address for name in NODES)
    console.print(
        f"\nThe database:   {nodes.database}\n"
        "Sign-in:        none; access control is off, and only this machine reaches the nodes\n"
        f"Who is there:   .venv/bin/ranvier cluster -S {first.http_address}\n"
        f"A client:       ranvier.connect({servers!r})\n"
        f"\nNow kill one:   kill -9 {first.process_id}\n"
        "The others go on serving; this program says so and starts it again at the same ports.\n"
        "A balancer in front of the pages is not part of this yet.\n"
        "Control-C ends everything."
    )


def watch(nodes: ClusterProcesses, asked_to_stop: threading.Event) -> None:
    """Start a node again that has ended, until asked to stop."""
    while not asked_to_stop.wait(0.5):
        for name in NODES:
            if name in nodes.running() or asked_to_stop.is_set():
                continue
            console.print(f"{name} is gone. Still there: {', '.join(nodes.running()) or 'nobody'}.")
            if not asked_to_stop.wait(RESTART_SECONDS):
                again = nodes.start(name)
                console.print(f"{name} is back as process {again.process_id}.")


def stop(nodes: ClusterProcesses) -> None:
    """Ask the nodes to finish, one after the other; what does not is ended by `close`."""
    for name in nodes.running():
        nodes[name].stop()
    nodes.close()


if __name__ == "__main__":
    sys.exit(main())
