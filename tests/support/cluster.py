"""A cluster for tests: real PostgreSQL, real node processes, and cuts wherever a test wants one.

    with cluster(tmp_path) as nodes:
        nodes.start_all(["one", "two", "three"])
        nodes["one"].kill()                  # also freeze(), thaw(), stop(); start("one") again
        nodes.part("two", "three")           # the two lose every packet between them
        nodes.cut("two", "three")            # the same, and both are told
        nodes.database_links["two"].cut()    # two has lost its database; hold(), delay(), heal()
        nodes.lose_database("two")           # the same, and nobody is told
        nodes.heal()
        nodes.server.kill()                  # all have lost it; server.stop(), start_again()
        nodes.terminate_backends()           # an administrator ends every connection

Everything ends with the block. `nodes["one"].grpc_address` is where clients connect;
`nodes.until_all_see("running", "one", "two")` waits for the members.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from examples.cluster_processes import ClusterProcesses, free_ports
from examples.node_process import NodeProcess
from tests.support.cutting_proxy import BOTH_WAYS, TO_CLIENT, CuttingProxy, ProxyLoop
from tests.support.postgres_databases import new_database
from tests.support.postgres_server import PostgresServer

FIRST_LINK_HOST = 10
"""Nodes are dialled by the others at 127.0.0.11, 127.0.0.12 and so on, where proxies listen."""


class Cluster(ClusterProcesses):
    """Nodes whose connections to each other and to the database can be cut."""

    def __init__(self, folder: Path, server: PostgresServer | None) -> None:
        super().__init__(folder, server.address() if server else new_database())
        self._own_server = server
        self.proxies = ProxyLoop()
        self.links: dict[str, CuttingProxy] = {}
        """By node: the way on which the others reach it."""
        self.database_links: dict[str, CuttingProxy] = {}
        """By node: its way to the database."""

    @property
    def server(self) -> PostgresServer:
        """The PostgreSQL that only this cluster uses."""
        assert self._own_server is not None, "ask for a server of its own: cluster(own_server=True)"
        return self._own_server

    def start(self, name: str, *flags: str) -> NodeProcess:
        """Start a node behind proxies, or start it again."""
        if name not in self.links:
            self._lay_links(name)
        return super().start(name, "--internal-hostname", self._link_host(name), *flags)

    def address_for(self, name: str) -> str:
        """Return the address at which this node, and no other, reaches the database."""
        parts = urlsplit(self.database)
        user, at, _ = parts.netloc.rpartition("@")
        port = self.database_links[name].port
        return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}"))

    def part(self, one: str, other: str) -> None:
        """Lose every packet between two nodes, whoever of them has dialled."""
        self.links[one].hold(self.nodes[other].process_id)
        self.links[other].hold(self.nodes[one].process_id)

    def cut(self, one: str, other: str) -> None:
        """Reset what is open between two nodes, and refuse what either dials to the other."""
        self.links[one].cut(self.nodes[other].process_id)
        self.links[other].cut(self.nodes[one].process_id)

    def isolate(self, name: str) -> None:
        """Lose every packet between a node and all others; the database it still has."""
        for other in self.nodes:
            if other != name:
                self.part(name, other)

    def lose_database(self, name: str, *, is_one_way: bool = False) -> None:
        """Lose every packet between a node and its database, or only the answers."""
        self.database_links[name].hold(ways=frozenset({TO_CLIENT}) if is_one_way else BOTH_WAYS)

    def heal(self) -> None:
        """Pass everything on again, everywhere."""
        for proxy in (*self.links.values(), *self.database_links.values()):
            proxy.heal()

    def ask(self, statement: str, *arguments: object, at: str = "") -> list[Any]:
        """Run a statement on the database, past all proxies, or at another address."""

        async def ask() -> list[Any]:
            connection = await asyncpg.connect(at or self.database)
            try:
                rows: list[Any] = await connection.fetch(statement, *arguments)
                return rows
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:  # the caller may be in a running loop
            return thread.submit(asyncio.run, ask()).result()

    def terminate_backends(self) -> None:
        """End every connection to the database, as its administrator can."""
        self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def close(self) -> None:
        """End everything."""
        super().close()
        for proxy in (*self.links.values(), *self.database_links.values()):
            proxy.close()
        self.proxies.close()
        if self._own_server is not None:
            self._own_server.close()

    def _lay_links(self, name: str) -> None:
        ports = self.ports.setdefault(name, free_ports())
        database = urlsplit(self.database)
        self.database_links[name] = CuttingProxy(
            self.proxies, (database.hostname or "127.0.0.1", database.port or 5432)
        )
        self.links[name] = CuttingProxy(
            self.proxies,
            ("127.0.0.1", ports.internal),
            listen=(self._link_host(name), ports.internal),
            diallers=self._process_ids,
        )

    def _link_host(self, name: str) -> str:
        return f"127.0.0.{FIRST_LINK_HOST + self.place_of(name)}"

    def _process_ids(self) -> list[int]:
        return [node.process_id for node in self.nodes.values() if node.is_running]


@contextmanager
def cluster(folder: Path, *, own_server: bool = False) -> Iterator[Cluster]:
    """A cluster for the length of a block, on a database or on a server of its own."""
    nodes = Cluster(folder, PostgresServer() if own_server else None)
    try:
        yield nodes
    finally:
        nodes.close()
