"""Nodes on hosts of their own, which lose each other as hosts do: packets vanish on a cable.

Where there can be no such hosts, proxies between the nodes hold back what is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from examples.cluster_processes import ClusterProcesses
from examples.node_process import NodeProcess
from tests.support.cluster import Cluster, cluster
from tests.support.network_namespaces import NetworkNamespaces, hosts, why_not
from tests.support.postgres_server import PostgresServer

LET_HOSTS_IN = "COPY (SELECT 'host all all 198.18.0.0/15 trust') TO PROGRAM 'cat >> pg_hba.conf'"


class ClusterOnHosts(Cluster):
    """Nodes in network namespaces; their database and clients are in that of this process."""

    def __init__(self, folder: Path, network: NetworkNamespaces, names: Sequence[str]) -> None:
        here = ",".join(network.database_address(name) for name in names)
        super().__init__(folder, PostgresServer(f"listen_addresses=127.0.0.1,{here}"))
        self.network = network
        self.ask(LET_HOSTS_IN)
        self.ask("SELECT pg_reload_conf()")

    def start(self, name: str, *flags: str) -> NodeProcess:
        """Start a node on its host, or start it again."""
        node = ClusterProcesses.start(
            self,
            name,
            *("--bind", "0.0.0.0", "--insecure", "--internal-bind", "0.0.0.0"),
            *("--hostname", self.network.client_address(name)),
            *("--internal-hostname", self.network.mesh_address(name)),
            *flags,
        )
        node.host = self.network.client_address(name)
        return node

    def starter_of(self, name: str) -> tuple[str, ...]:
        """Return what enters the node's host."""
        return self.network.enter(name)

    def address_for(self, name: str) -> str:
        """Return where this host reaches the database."""
        parts = urlsplit(self.database)
        user, at, _ = parts.netloc.rpartition("@")
        host = f"{self.network.database_address(name)}:{parts.port}"
        return urlunsplit(parts._replace(netloc=f"{user}{at}{host}"))

    def part(self, one: str, other: str) -> None:
        """Lose every packet between two nodes."""
        self.network.lose(self.network.cable(one, other))

    def lose_clients(self, name: str) -> None:
        """Lose every packet between a node and all clients."""
        self.network.lose(self.network.cable(name, "clients"))

    def lose_database(self, name: str, *, is_one_way: bool = False) -> None:
        """Lose every packet between a node and its database, or only the answers."""
        cable = self.network.cable(name, "database")
        self.network.lose(cable, toward=(0,) if is_one_way else (0, 1))

    def heal(self) -> None:
        """Let everything through again, everywhere."""
        self.network.heal()


@contextmanager
def parted_cluster(folder: Path, names: Sequence[str]) -> Iterator[Cluster]:
    """A cluster that can be parted, by what this machine has; it is said which that is."""
    obstacle = why_not()
    if obstacle is not None:
        print(f"partitions by a proxy: no network namespaces here ({obstacle})")
        with cluster(folder, own_server=True) as nodes:
            yield nodes
        return
    print("partitions by network namespaces: a host per node, a cable between each two")
    with hosts(names) as network:
        nodes = ClusterOnHosts(folder, network, names)
        try:
            yield nodes
        finally:
            nodes.close()
