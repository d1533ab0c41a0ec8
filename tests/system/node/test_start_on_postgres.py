from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx2

from examples.node_process import NodeProcess, free_ports
from examples.until import until
from tests.support.node_program import is_one_sentence, ranvier, running_node
from tests.support.postgres_databases import new_database


def is_ready(node: NodeProcess) -> bool:
    answer = httpx2.get(f"{node.http_address}/health/ready", timeout=30)
    return answer.status_code == 200


def test_nodes_that_start_together_on_an_empty_database_make_it_once(tmp_path: Path) -> None:
    address = new_database()

    def started(number: int) -> NodeProcess:
        flags = ("--database", address, "--name", f"node-{number}")
        return NodeProcess(tmp_path / str(number), *flags)

    with ThreadPoolExecutor() as threads:
        nodes = list(threads.map(started, range(3)))
    try:
        for node in nodes:
            answer = httpx2.get(f"{node.http_address}/v1/public/context")
            assert "default" in answer.text
            until(partial(is_ready, node), "it is ready")
    finally:
        assert [node.stop() for node in nodes] == [0, 0, 0]


def test_a_data_directory_has_one_node_on_postgres_too(tmp_path: Path) -> None:
    flags = ("--database", new_database())
    with running_node(tmp_path / "data", *flags):
        said = ranvier("start", *free_ports(), "--data", str(tmp_path / "data"), *flags)
    assert said.code == 1
    assert is_one_sentence(said.err), said.err
    assert "in use by process" in said.err
