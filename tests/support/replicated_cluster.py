"""Nodes on a primary and a synchronous standby, which can stand still, die and be promoted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from examples.node_process import NodeProcess
from examples.until import until
from tests.support.cluster import Cluster
from tests.support.postgres_server import PostgresServer

SETTLED = "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"


class ReplicatedCluster(Cluster):
    """Nodes that are given the hosts of both servers, without proxies between."""

    def __init__(self, folder: Path) -> None:
        self.primary = PostgresServer()
        super().__init__(folder, self.primary)
        self.standby = PostgresServer(standby_of=self.primary)
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask("SELECT pg_reload_conf()")
        until(lambda: self.ask(SETTLED)[0]["count"] == 1, "the standby is synchronous", 30)
        hosts = f"{self.primary.host},{self.standby.host}"
        self.database = f"postgresql://postgres@{hosts}/postgres"

    def start(self, name: str, *flags: str) -> NodeProcess:
        """Start a node, dialled by the others without a detour."""
        return super(Cluster, self).start(name, *flags)

    def address_for(self, name: str) -> str:
        """Return the address with both hosts."""
        return self.database

    def promote(self) -> None:
        """Make the standby the primary, as whoever looks after the database does; it answers."""
        self.database = self.standby.address()
        self.ask("SELECT pg_promote(true, 60)")

    def close(self) -> None:
        """End everything."""
        with suppress(psutil.NoSuchProcess, FileNotFoundError):
            self.primary.thaw()  # what stands still cannot end
        super().close()
        self.standby.close()


@contextmanager
def replicated_cluster(folder: Path) -> Iterator[ReplicatedCluster]:
    """A cluster for the length of a block."""
    nodes = ReplicatedCluster(folder)
    try:
        yield nodes
    finally:
        nodes.close()
