"""`make cluster`: three nodes, their PostgreSQL and a balancer, which stay until Control-C."""

from __future__ import annotations

import secrets
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from examples.balancer_process import BalancerProcess
from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer

NODES = ("north", "east", "west")
USER = "demo"
RESTART_SECONDS = 5.0
"""Long enough to look at a cluster that has lost a node."""

console = Console(highlight=False, width=100)


def main() -> int:
    """Start everything, say where it is, wait to be told to stop, and end everything."""
    asked_to_stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: asked_to_stop.set())
    console.print(
        "Starting PostgreSQL from a wheel, three nodes on it, and HAProxy before them ..."
    )
    token, password = secrets.token_urlsafe(18), secrets.token_urlsafe(12)
    with ExitStack() as things:
        folder = Path(things.enter_context(tempfile.TemporaryDirectory(prefix="ranvier-cluster-")))
        server = PostgresServer()
        things.callback(server.close)
        nodes = ClusterProcesses(folder, server.address(), token)
        things.callback(stop, nodes)
        nodes.start_all(NODES, "--trusted-balancers", "127.0.0.1")
        nodes.until_all_see("running", *NODES)
        nodes.post(NODES[0], "/api/users", {"name": USER, "password": password})
        balancer = BalancerProcess(folder, nodes[NODES[0]], "-t", token)
        things.callback(balancer.close)
        print_table(nodes, balancer)
        print_next_steps(nodes, token, password)
        watch(nodes, asked_to_stop)
    console.print("The balancer, all nodes and the database have ended; their data is gone.")
    return 0


def print_table(nodes: ClusterProcesses, balancer: BalancerProcess) -> None:
    """Say where everything is."""
    table = Table(title="Three equal nodes on one PostgreSQL, behind HAProxy")
    for column in ("what", "process", "pages and REST (HTTP)", "clients (gRPC)"):
        table.add_column(column)
    table.add_row("balancer", str(balancer.process_id), f"[bold]{balancer.address}[/]", "")
    for name in NODES:
        node = nodes[name]
        table.add_row(name, str(node.process_id), node.http_address, node.grpc_address)
    console.print(table)
    console.print(f"The database:   {nodes.database}")


def print_next_steps(nodes: ClusterProcesses, token: str, password: str) -> None:
    """Say how to get in, and what to try."""
    first = nodes[NODES[0]]
    servers = ",".join(nodes[name].grpc_address for name in NODES)
    console.print(
        f"Sign-in:        {USER} with the password {password}, at /cockpit of the balancer\n"
        f"Access token:   {token}  (of programs; the command line takes it by -t)\n"
        f"Who is there:   .venv/bin/ranvier cluster -S {first.http_address} -t {token}\n"
        f"A client:       ranvier.connect({servers!r}, access_token={token!r})\n"
        f"\nNow kill one:   kill -9 {first.process_id}\n"
        "The others go on serving, whoever has signed in stays so, half-filled forms are there;\n"
        "this program says so and starts the node again at the same ports.\n"
        "Control-C ends everything.",
        soft_wrap=True,
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
