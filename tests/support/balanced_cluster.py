"""Three real nodes that ask for a sign-in, for the tests of what stands in front of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError

import httpx2

from examples.cluster_processes import ClusterProcesses
from examples.free_port import free_port
from examples.until import until
from examples.visitor import Visitor
from tests.support.balancer_fronts import AJP_SECRET
from tests.support.postgres_databases import new_database

NAMES = ("one", "two", "three")
TOKEN = "of-the-programs"
USER, PASSWORD = "ada", "a long enough password"
HEAVY, TWICE = "one", 2
"""The node that gets twice as many new sessions as each other one."""


class BalancedCluster(ClusterProcesses):
    """Nodes with HTTP, AJP and a user; their balancers are believed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, new_database(), TOKEN)

    def begin(self, name: str) -> None:
        """Start a node for the first time."""
        self.start(name, *self.flags_of(name))

    def begin_all(self) -> None:
        """Start all nodes and make the user."""
        for name in NAMES:
            self.begin(name)
        self.until_linked(*NAMES)
        self.post(NAMES[0], "/api/users", {"name": USER, "password": PASSWORD})

    def flags_of(self, name: str) -> tuple[str, ...]:
        """Return what a node is started with."""
        return (
            *("--trusted-balancers", "127.0.0.1"),
            *("--ajp-port", str(free_port()), "--ajp-secret", AJP_SECRET),
            *("--weight", str(TWICE if name == HEAVY else 1)),
        )

    def listed(self, *names: str) -> list[dict[str, Any]]:
        """Return the nodes as a balancer's file is rendered from them."""
        wanted = names or NAMES
        return [each for each in self.members(self.running()[0]) if each["name"] in wanted]

    def route_of(self, name: str) -> str:
        """Return a node's route."""
        return str(self.listed(name)[0]["jvmRoute"])

    def name_of(self, route: str) -> str:
        """Return the name of the node with a route."""
        return next(str(each["name"]) for each in self.listed() if each["jvmRoute"] == route)

    def bring_back(self, name: str) -> None:
        """Start a node again, and wait until all nodes are as at the beginning."""
        self.start(name)
        self.until_linked(*NAMES)

    def ask(self, name: str, path: str) -> None:
        """Have a node do something that it answers with 202."""
        answer = httpx2.post(
            f"{self.nodes[name].http_address}{path}",
            headers={"AxonIQ-Access-Token": TOKEN},
            timeout=30,
        )
        assert answer.status_code == 202, answer.text

    def drain(self, name: str) -> None:
        """Drain a node; all nodes know of it when this returns."""
        self.ask(next(each for each in NAMES if each != name), f"/api/cluster/nodes/{name}/drain")
        self.until_all_see("draining", name)

    def resume(self, name: str) -> None:
        """Take the drain back."""
        self.ask(NAMES[0], f"/api/cluster/nodes/{name}/resume")
        self.until_linked(*NAMES)


@contextmanager
def balanced_cluster(folder: Path) -> Iterator[BalancedCluster]:
    """Run three nodes for the length of a block."""
    nodes = BalancedCluster(folder)
    try:
        nodes.begin_all()
        yield nodes
    finally:
        nodes.close()


class Crowd:
    """Visitors who open pages without a pause, and what they were answered."""

    def __init__(self, address: str, count: int = 2) -> None:
        self.statuses: list[int] = []
        self.failures: list[str] = []
        self._address = address
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(count)]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for each in self._threads:
            each.join()

    def until_seen(self, more: int) -> None:
        """Wait until so many more pages were answered."""
        wanted = len(self.statuses) + more
        until(lambda: len(self.statuses) >= wanted, f"{more} more pages are seen")

    def _visit(self) -> None:
        with Visitor(self._address) as visitor:
            while not self._is_over.is_set():
                try:
                    page = visitor.see("/sign-in")
                except httpx2.HTTPError as error:
                    self.failures.append(repr(error))
                    continue
                self.statuses.append(page.status)
                if page.status != 200:
                    self.failures.append(f"{page.status}: {page.text[:200]}")


def until_front_serves(url: str) -> None:
    """Wait until a balancer passes requests on."""

    def is_so() -> bool:
        with suppress(URLError, httpx2.HTTPError):
            return httpx2.get(f"{url}/sign-in", timeout=20).status_code == 200
        return False

    until(is_so, f"{url} passes requests on")


def new_routes(url: str, count: int) -> list[str]:
    """Return the routes that so many new visitors get."""
    routes = []
    for _ in range(count):
        with Visitor(url) as visitor:
            assert visitor.see("/sign-in").status == 200
            routes.append(visitor.route)
    return routes


def until_routes(url: str, is_so: Callable[[set[str]], bool], seconds: float = 150.0) -> None:
    """Wait until what new visitors get is as it should be.

    Which nodes they get depends on what those who stay ask for: balancers weigh all requests.
    """
    deadline = time.monotonic() + seconds
    found: set[str] = set()
    while time.monotonic() < deadline:
        found = set(new_routes(url, 12))
        if is_so(found):
            return
    raise AssertionError(f"after {seconds:g} s new visitors get {sorted(found)}")
