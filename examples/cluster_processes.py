"""Nodes on one PostgreSQL, each a process of its own, started and killed as by an operator."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.error import URLError
from urllib.request import Request, urlopen

from examples.free_port import free_port
from examples.node_process import NodeProcess
from examples.until import until

SECRET = "the-secret-of-a-cluster-for-a-day"
"""What nodes of these clusters prove themselves with to each other."""

ANSWER_SECONDS = 20.0
"""Bounds a failure: a machine that is busy answers late."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one node: the same after each of its starts."""

    http: int
    grpc: int
    internal: int

    def flags(self) -> tuple[str, ...]:
        """Return the flags that say so."""
        return (
            *("--http-port", str(self.http)),
            *("--grpc-port", str(self.grpc)),
            *("--internal-port", str(self.internal)),
        )


class ClusterProcesses:
    """Starts nodes by name; whatever still runs is ended by `close`."""

    def __init__(self, folder: Path, database: str, access_token: str | None = None) -> None:
        """`folder` is where every node has its data and its log.

        With an access token, the nodes ask everybody who they are.
        """
        self.folder = folder
        self.database = database
        self._access_token = access_token
        self.nodes: dict[str, NodeProcess] = {}
        self.ports: dict[str, Ports] = {}
        self._flags: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> NodeProcess:
        return self.nodes[name]

    def start(self, name: str, *flags: str) -> NodeProcess:
        """Start a node; once more under its name means: again, with what it was started with."""
        self._flags.setdefault(name, flags)
        ports = self.ports.setdefault(name, free_ports())
        node = NodeProcess(
            self.folder / name,
            *("--name", name, "--database", self.address_for(name)),
            *("--cluster-secret", SECRET, "--hostname", "127.0.0.1"),
            *("--local-node-id", str(self.place_of(name))),
            *ports.flags(),
            *self._access_flags(),
            *self._flags[name],
            directory=self.folder,
            under=self.starter_of(name),
        )
        self.nodes[name] = node
        return node

    def start_all(self, names: Iterable[str], *flags: str) -> None:
        """Start nodes at once; all of them are ready when this returns."""
        names = list(names)
        for name in names:
            self.ports.setdefault(name, free_ports())
        # The first one alone, for it lays the tables out.
        for group in (names[:1], names[1:]):
            with ThreadPoolExecutor(max(1, len(group))) as threads:
                for _ in threads.map(lambda name: self.start(name, *flags), group):
                    pass

    def address_for(self, name: str) -> str:
        """Return the address of the database that a node is started with."""
        del name
        return self.database

    def starter_of(self, name: str) -> tuple[str, ...]:
        """Return the command under which a node is started; none where it simply is."""
        del name
        return ()

    def running(self) -> list[str]:
        """Return the names of the nodes whose process has not ended."""
        return [name for name in self.ports if name in self.nodes and self.nodes[name].is_running]

    def forget(self, name: str) -> None:
        """Know nothing more of a node that has ended."""
        for known in (self.nodes, self.ports, self._flags):
            known.pop(name, None)

    def log(self, name: str) -> str:
        """Return all that a node has written on standard error."""
        return (self.folder / f"{name}.log").read_text()

    def members(self, name: str) -> list[dict[str, object]]:
        """Return the nodes that a node knows of, as it answers them by REST."""
        return cast("list[dict[str, object]]", self.get(name, "/api/cluster/nodes"))

    def get(self, name: str, path: str) -> object:
        """Return what a node answers to a GET; raise `OSError` if it does not, or refuses."""
        return self._asked(Request(f"{self.nodes[name].http_address}{path}"))

    def post(self, name: str, path: str, body: object) -> object:
        """Return what a node answers to a POST; raise `OSError` if it does not, or refuses."""
        request = Request(
            f"{self.nodes[name].http_address}{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        return self._asked(request)

    def until_all_see(self, state: str, *names: str, seconds: float = 60.0) -> float:
        """Wait until each running node says of each named one that it is in a state."""

        def is_so() -> bool:
            with suppress(URLError, TimeoutError, ConnectionError):
                return all(
                    self._states(observer).get(name) == state
                    for observer in self.running()
                    for name in names
                )
            return False

        return until(is_so, f"every node sees {', '.join(names)} {state}", seconds)

    def until_linked(self, *names: str, seconds: float = 60.0) -> float:
        """Wait until the named nodes are ready and each has a link to each other one."""

        def is_so() -> bool:
            with suppress(OSError):
                return all(self._is_whole(observer, set(names)) for observer in names)
            return False

        return until(is_so, f"{', '.join(names)} are ready and linked", seconds)

    def close(self) -> None:
        """End every node, also a frozen one."""
        for node in self.nodes.values():
            if node.is_running:
                node.kill()

    def _access_flags(self) -> tuple[str, ...]:
        if self._access_token is None:
            return ()
        return ("--access-control", "--access-token", self._access_token)

    def _asked(self, request: Request) -> object:
        if self._access_token is not None:
            request.add_header("AxonIQ-Access-Token", self._access_token)
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    def _is_whole(self, observer: str, names: set[str]) -> bool:
        self.get(observer, "/health/ready")  # a refusal is an `OSError`
        reached = {
            each["name"]
            for each in self.members(observer)
            if (each["state"], each["communication"]) == ("running", "up")
        }
        return names <= reached

    def _states(self, observer: str) -> dict[object, object]:
        return {each["name"]: each["state"] for each in self.members(observer)}

    def place_of(self, name: str) -> int:
        """Return the number of a node among those of this host, from 1 on."""
        return list(self.ports).index(name) + 1


def free_ports() -> Ports:
    """Return ports that nobody listens on."""
    return Ports(*(free_port() for _ in range(3)))
