"""The cluster that the other tests start: real nodes, which can be killed, frozen and cut off."""

from __future__ import annotations

from pathlib import Path

from tests.support.cluster import cluster


def test_three_nodes_start_on_one_database_and_end_with_the_block(tmp_path: Path) -> None:
    with cluster(tmp_path) as nodes:
        nodes.start_all(["one", "two", "three"])
        assert nodes.running() == ["one", "two", "three"]
        assert {nodes[name].ready["name"] for name in nodes.running()} == {"one", "two", "three"}
        nodes["two"].freeze()
        nodes["two"].thaw()
        nodes["three"].kill()
        assert nodes.running() == ["one", "two"]
        before = nodes.ports["three"]
        nodes.start("three")
        assert nodes["three"].ready["grpc"] == before.grpc
        assert nodes["one"].stop() == 0
    assert nodes.running() == []
