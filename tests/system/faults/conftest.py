from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.support.cluster import Cluster, cluster

NODES = ("one", "two", "three")


@pytest.fixture(scope="module")
def shared_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), own_server=True) as nodes:
        nodes.start_all(NODES)
        yield nodes


@pytest.fixture
def nodes(shared_nodes: Cluster) -> Cluster:
    """Three nodes on a PostgreSQL of their own, all of them well."""
    shared_nodes.heal()
    for name in NODES:
        if name not in shared_nodes.running():
            shared_nodes.start(name)
        shared_nodes[name].thaw()
    shared_nodes.until_linked(*NODES)
    return shared_nodes


@pytest.fixture
def choose() -> random.Random:
    """Chance from a seed that is printed."""
    seed = random.randrange(1 << 32)
    print(f"SEED={seed}")
    return random.Random(seed)
