"""`ranvier start --processes N`: several nodes on one host, and nothing left of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pytest

from examples.node_process import free_ports
from examples.until import until
from ranvier.client import connect
from tests.support.cluster_load import pause
from tests.support.node_program import is_one_sentence, ranvier
from tests.support.postgres_databases import new_database

NODES = 2


class Supervisor:
    """The process that looks after the nodes, and what it has printed."""

    def __init__(self, data: Path) -> None:
        with data.with_name("supervisor.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "ranvier", "start", "--processes", str(NODES)),
                    *(*free_ports(), "--name", "node", "--data", str(data)),
                    *("--database", new_database(), "--cluster-secret", "of-this-test-only"),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def next_ready(self) -> dict[str, Any]:
        line = cast("IO[bytes]", self.process.stdout).readline()
        assert line, "it ended before all nodes were ready"
        return cast("dict[str, Any]", json.loads(line))

    def node_ids(self) -> list[int]:
        """The process ids of its children."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in path.read_text().split()]

    def end(self) -> int:
        code = self.process.wait(timeout=60)
        cast("IO[bytes]", self.process.stdout).close()
        return code


@contextmanager
def supervisor(data: Path) -> Iterator[Supervisor]:
    running = Supervisor(data)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.end()


async def clients_use(first: int, all_ports: set[int]) -> None:
    """Connect clients to the first node until every node has got one of them."""
    ports: set[int] = set()
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        while ports != all_ports:
            hub = await stack.enter_async_context(connect(f"127.0.0.1:{first}"))
            node = hub.connection._last_node
            assert node is not None
            ports.add(node.port)
            await pause()


def are_gone(process_ids: list[int]) -> bool:
    return not any(Path(f"/proc/{each}").exists() for each in process_ids)


pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")


def test_each_node_says_that_it_is_ready_one_that_dies_comes_back_and_all_end(
    tmp_path: Path,
) -> None:
    with supervisor(tmp_path / "data") as running:
        ready = [running.next_ready() for _ in range(NODES)]
        assert ready[0]["name"] == "node-1"
        assert {each["name"] for each in ready} == {"node-1", "node-2"}
        assert len({each["grpc"] for each in ready}) == NODES
        asyncio.run(clients_use(ready[0]["grpc"], {each["grpc"] for each in ready}))
        before = running.node_ids()
        os.kill(before[1], signal.SIGKILL)
        assert running.next_ready()["name"] == "node-2"
        after = running.node_ids()
        assert after[0] == before[0]
        assert after[1] != before[1]
        running.process.terminate()
        assert running.end() == 0
        assert are_gone(before + after)


def test_nothing_is_left_running_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with supervisor(tmp_path / "data") as running:
        for _ in range(NODES):
            running.next_ready()
        children = running.node_ids()
        assert len(children) == NODES
        running.process.kill()
        running.end()
        until(lambda: are_gone(children), "all nodes have ended")


def test_a_node_that_cannot_start_ends_all_with_its_sentence(tmp_path: Path) -> None:
    said = ranvier(
        *("start", "--processes", "2", *free_ports(), "--data", str(tmp_path / "data")),
        *("--database", "postgresql://127.0.0.1:1/nothing", "--log-level", "error"),
    )
    assert said.code == 1
    assert is_one_sentence(said.err), said.err
