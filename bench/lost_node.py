"""What a visitor behind HAProxy waits when the node that they have signed in at is killed.

`python -m bench visitor`. Three nodes on one PostgreSQL; each time the visitor's node gets SIGKILL
while a form is half filled in, and the next page must come from another one, signed in, with it.
"""

from __future__ import annotations

import io
import secrets
from pathlib import Path

from rich.console import Console

from bench.figure import Figure
from examples.balancer_process import BalancerProcess
from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer
from examples.visitor import Visitor
from examples.web_story import NODES, USER, work

KILLS = 5


def figures(folder: Path) -> list[Figure]:
    """Kill the visitor's node again and again; return the longest wait."""
    token, password = secrets.token_urlsafe(18), secrets.token_urlsafe(12)
    place = folder / "visitor"
    place.mkdir()
    server = PostgresServer()
    nodes = ClusterProcesses(place, server.address(), token)
    try:
        nodes.start_all(NODES, "--trusted-balancers", "127.0.0.1")
        nodes.until_linked(*NODES)
        nodes.post(NODES[0], "/api/users", {"name": USER, "password": password})
        balancer = BalancerProcess(place, nodes[NODES[0]], "-t", token)
        try:
            waits = [wait_seconds(nodes, balancer.address, password) for _ in range(KILLS)]
        finally:
            balancer.close()
    finally:
        nodes.close()
        server.close()
    return [
        Figure(
            "kill -9 of a visitor's node to their next page",
            max(waits),
            "s",
            3,
            lower_is_better=True,
        )
    ]


def wait_seconds(nodes: ClusterProcesses, address: str, password: str) -> float:
    """Lose a visitor's node, and bring it back; return how long they waited for the next page."""
    with Visitor(address) as visitor:
        story = work(nodes, visitor, password, Console(file=io.StringIO()))
    if not story.is_good:
        raise AssertionError(f"the visitor has lost something: {story}")
    for name in set(NODES) - set(nodes.running()):
        nodes.start(name)
    nodes.until_linked(*NODES)
    return story.pause_seconds
