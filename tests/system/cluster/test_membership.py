"""Nodes as they see each other: real processes on a real PostgreSQL, with clocks hours apart."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.error import HTTPError

import pytest

from examples.until import until
from tests.support.cluster import Cluster, cluster
from tests.support.node_program import is_one_sentence, ranvier

NAMES = ("one", "two", "three")
HOUR_SECONDS = 3600
AHEAD_SECONDS = {"one": 0, "two": HOUR_SECONDS, "three": -HOUR_SECONDS}
WRONG_CLOCK = """
import os, time

ahead = int(os.environ["CLOCK_AHEAD_SECONDS"])
right, right_ns = time.time, time.time_ns
time.time = lambda: right() + ahead
time.time_ns = lambda: right_ns() + ahead * 1_000_000_000
"""
FIELDS = {
    *("name", "host", "ip", "httpPort", "grpcPort", "internalPort", "ajpPort", "localNodeId"),
    *("jvmRoute", "weight", "state", "communication", "isLocal", "configRevision", "startedAt"),
    *("stoppedAt", "failedAt", "lastSeenAt", "version", "os", "python"),
}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        (nodes.folder / "wrong_clock").mkdir()
        (nodes.folder / "wrong_clock" / "sitecustomize.py").write_text(WRONG_CLOCK)
        for name in NAMES:
            start(nodes, name)
        yield nodes


@pytest.fixture
def nodes(started: Cluster) -> Cluster:
    """Three nodes that run and see each other, whatever the test before has left."""
    started.heal()
    for name in NAMES:
        if not started[name].is_running:
            start(started, name)
        started[name].thaw()
    started.until_linked(*NAMES)
    return started


def start(nodes: Cluster, name: str) -> None:
    """Start a node whose clock is set as that of its machine."""
    path = [str(nodes.folder / "wrong_clock"), *filter(None, [os.environ.get("PYTHONPATH")])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(path))
        patch.setenv("CLOCK_AHEAD_SECONDS", str(AHEAD_SECONDS[name]))
        nodes.start(name)


def incarnations(nodes: Cluster) -> dict[str, int]:
    rows = nodes.ask("SELECT name, incarnation FROM ranvier.cluster_node")
    return {row["name"]: row["incarnation"] for row in rows}


def is_ready(nodes: Cluster, name: str) -> bool:
    try:
        nodes.get(name, "/health/ready")
    except HTTPError as error:
        error.close()
        return False
    return True


def member(nodes: Cluster, observer: str, name: str) -> dict[str, object]:
    found = nodes.get(observer, f"/api/cluster/nodes/{name}")
    assert isinstance(found, dict)
    return found


def test_every_node_knows_all_nodes(nodes: Cluster) -> None:
    for observer in NAMES:
        members = nodes.members(observer)
        assert [each["name"] for each in members] == sorted(NAMES)
        for each in members:
            assert set(each) == FIELDS
            name = str(each["name"])
            assert each["isLocal"] is (name == observer)
            assert each["httpPort"] == nodes.ports[name].http
            assert each["internalPort"] == nodes.ports[name].internal
        assert len({each["jvmRoute"] for each in members}) == len(NAMES)
        known = nodes.get(observer, "/v1/public")
        assert isinstance(known, list)
        assert [each["name"] for each in known] == sorted(NAMES)
        me = nodes.get(observer, "/v1/public/me")
        assert isinstance(me, dict)
        assert me["clustered"] is True


def test_the_clocks_are_an_hour_off(nodes: Cluster) -> None:
    started = {str(each["name"]): each["startedAt"] for each in nodes.members("one")}
    at = {name: datetime.fromisoformat(str(text)) for name, text in started.items()}
    assert (at["two"] - at["one"]).total_seconds() > HOUR_SECONDS / 2
    assert (at["one"] - at["three"]).total_seconds() > HOUR_SECONDS / 2


def test_the_command_line_prints_the_same(nodes: Cluster) -> None:
    said = ranvier("cluster", "-S", nodes["two"].http_address, "-o", "json")
    listed, direct = json.loads(said.out), nodes.members("two")
    for each in (*listed, *direct):
        del each["lastSeenAt"]
    assert listed == direct
    lines = ranvier("cluster", "-S", nodes["two"].http_address).out.splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "one", "three", "two"]
    assert lines[3].split()[1] == "*"


def test_a_killed_node_is_down_and_a_frozen_one_comes_back_anew(nodes: Cluster) -> None:
    before = incarnations(nodes)
    nodes["one"].kill()
    nodes["three"].freeze()
    until(lambda: member(nodes, "two", "one")["failedAt"], "one is down for two")
    until(lambda: member(nodes, "two", "three")["failedAt"], "three is down for two")
    assert {each["state"] for each in nodes.members("two")} == {"down", "running"}
    nodes["three"].thaw()
    start(nodes, "one")
    nodes.until_all_see("running", *NAMES)
    assert member(nodes, "two", "one")["failedAt"] is None
    after = incarnations(nodes)
    assert after["two"] == before["two"]
    assert min(after["one"], after["three"]) > max(before.values())
    assert "found down" in nodes.log("three")


def test_a_node_that_loses_the_database_is_not_ready_and_keeps_its_links(nodes: Cluster) -> None:
    nodes.database_links["two"].cut()
    until(lambda: not is_ready(nodes, "two"), "two is not ready")
    assert len(nodes.members("two")) == len(NAMES)
    until(lambda: member(nodes, "one", "two")["state"] == "down", "two is down for one")
    assert member(nodes, "one", "two")["communication"] == "up"
    assert member(nodes, "two", "one")["communication"] == "up"
    nodes.database_links["two"].heal()
    until(lambda: is_ready(nodes, "two"), "two is ready again")
    nodes.until_all_see("running", *NAMES)


def test_a_database_that_stands_still_is_noticed_too(nodes: Cluster) -> None:
    nodes.database_links["two"].hold()
    until(lambda: not is_ready(nodes, "two"), "two is not ready")
    nodes.database_links["two"].heal()
    until(lambda: is_ready(nodes, "two"), "two is ready again")


@pytest.mark.parametrize(
    ("data", "remedy"),
    [("fresh", "another name"), ("copied", "node-id"), ("the same", "a directory of its own")],
)
def test_the_name_of_a_running_node_is_refused(
    nodes: Cluster, tmp_path: Path, data: str, remedy: str
) -> None:
    if data == "copied":
        for name in ("node-id", "last-life"):
            (tmp_path / name).write_bytes((nodes.folder / "one" / name).read_bytes())
    directory = nodes.folder / "one" if data == "the same" else tmp_path
    said = ranvier(
        *("start", "--name", "one", "--database", nodes.database, "--data", str(directory)),
        *("--http-port", "0", "--grpc-port", "0", "--internal-port", "0", "--log-level", "error"),
    )
    assert said.code == 1
    assert is_one_sentence(said.err)
    assert remedy in said.err
    nodes.until_all_see("running", *NAMES)


@pytest.mark.parametrize(
    "flags",
    [
        ("127.0.0.1", "--local-node-id", "1"),
        ("127-0-0-1-1", "--local-node-id", "0"),
        ("127-0-0-1-1", "--route", "127-0-0-1-1"),
    ],
)
def test_a_route_that_another_node_has_is_refused(
    nodes: Cluster, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    said = ranvier(
        *("start", "--name", "four", "--database", nodes.database, "--data", str(tmp_path)),
        *("--hostname", *flags, "--log-level", "error"),
        *("--http-port", "0", "--grpc-port", "0", "--internal-port", "0"),
    )
    assert said.code == 1
    assert is_one_sentence(said.err)
    assert "one has the route 127-0-0-1-1 already" in said.err


def test_of_two_nodes_without_a_link_one_stands_aside(nodes: Cluster) -> None:
    nodes.part("one", "two")
    until(lambda: member(nodes, "two", "one")["communication"] == "down", "the link is lost")
    until(lambda: not is_ready(nodes, "two"), "two stands aside")
    assert is_ready(nodes, "one")
    assert is_ready(nodes, "three")
    assert member(nodes, "one", "two")["state"] == "running"
    assert member(nodes, "two", "three")["communication"] == "up"
    nodes.heal()
    until(lambda: is_ready(nodes, "two"), "two serves again")
    assert "stands aside: there is no link with one" in nodes.log("two")


def test_a_pod_that_came_back_takes_its_place_and_one_that_left_is_forgotten(
    nodes: Cluster,
) -> None:
    url = f"{nodes['one'].http_address}/api/cluster/nodes"
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{url}/nobody", method="DELETE"))
    assert refused.value.code == 404
    assert json.load(refused.value)["detail"].endswith(".")
    refused.value.close()
    assert nodes["two"].stop() == nodes["three"].stop() == 0
    nodes.until_all_see("stopped", "two", "three")
    assert member(nodes, "one", "two")["stoppedAt"] is not None
    with urllib.request.urlopen(urllib.request.Request(f"{url}/two", method="DELETE")) as answer:
        assert answer.status == 202
    until(lambda: len(nodes.members("one")) == 2, "two is forgotten")
    (nodes.folder / "three" / "node-id").unlink()
    route = member(nodes, "one", "three")["jvmRoute"]
    start(nodes, "three")
    nodes.until_all_see("running", "one", "three")
    assert member(nodes, "one", "three")["jvmRoute"] == route
    assert len(nodes.members("one")) == 2
