"""Nodes that join a cluster, as an operator has them do it."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit

import pytest

from examples.cluster_processes import free_ports
from examples.node_process import NodeProcess
from examples.until import until
from tests.support.node_program import Said, ranvier
from tests.support.postgres_databases import new_database, run_statement

PLANTED = ("planted-password", "planted-secret", "planted-token")
SECONDS = 60.0


class Scene:
    """Nodes by name; each has its data, its log and its ports."""

    def __init__(self, folder: Path, nodes: ExitStack) -> None:
        self.folder = folder
        self._nodes = nodes
        parts = urlsplit(new_database())
        self.dsn = urlunsplit(
            parts._replace(netloc=f"postgres:{PLANTED[0]}@{parts.netloc.rpartition('@')[2]}")
        )

    def start(self, name: str, *flags: str) -> NodeProcess:
        node = NodeProcess(self.folder / name, "--name", name, *flags, directory=self.folder)
        self._nodes.callback(node.kill)
        return node

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as nodes:
        yield Scene(tmp_path, nodes)


def register(node: NodeProcess, other: NodeProcess, *proof: str) -> Said:
    """Run the command as it stands in every manual, but for host and ports."""
    return ranvier(
        *("register-node", "-S", node.http_address, "-h", "127.0.0.1"),
        *("-p", str(other.ready["internal"]), *proof),
    )


def ask(node: NodeProcess, path: str, method: str = "GET", body: object = None) -> tuple[int, str]:
    """Return status and text of an answer."""
    request = urllib.request.Request(
        node.http_address + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def joining(other: NodeProcess, **proof: str) -> dict[str, object]:
    """Return what has a node join the cluster of another one."""
    port = other.ready["internal"]
    return {"internalHostName": "127.0.0.1", "internalGrpcPort": port, **proof}


def new_token(node: NodeProcess) -> str:
    """Return a join token."""
    return str(json.loads(ask(node, "/api/cluster/join-tokens", "POST")[1])["token"])


def states(node: NodeProcess) -> dict[str, str]:
    """Return the states of all nodes, as one of them sees them; none while it starts again."""
    with suppress(OSError):
        return {
            each["name"]: each["state"] for each in json.loads(ask(node, "/api/cluster/nodes")[1])
        }
    return {}


def until_seen(node: NodeProcess, **expected: str) -> None:
    until(lambda: states(node) == expected, f"{node.http_address} sees {expected}", SECONDS)


def test_on_two_nodes_as_they_come_the_command_says_what_to_do(scene: Scene) -> None:
    one, two = scene.start("one"), scene.start("two")
    asked = register(two, one)
    assert asked.code == 1
    data = (scene.folder / "one").absolute()
    assert (
        f"`ranvier database copy --data {data} --to postgresql://USER@HOST/DATABASE`" in asked.err
    )
    assert asked.err.count("\n") == 1
    itself = ask(one, "/v1/cluster", "POST", joining(one))
    assert (itself[0], json.loads(itself[1])["code"]) == (409, "RANVIER-JOINS-ITSELF")
    nobody = ask(one, "/v1/cluster", "POST", {**joining(one), "internalGrpcPort": 1})
    assert (nobody[0], json.loads(nobody[1])["code"]) == (502, "RANVIER-JOIN-NO-ANSWER")
    event = {"messages": [{"payload": {"type": "Kept", "data": "x"}}]}
    assert ask(two, "/v1/events", "POST", event)[0] == 200
    in_use = ask(two, "/v1/cluster", "POST", joining(one))
    assert (in_use[0], json.loads(in_use[1])["code"]) == (409, "RANVIER-NODE-IN-USE")
    assert states(one) == {"one": "running"}
    assert ranvier("init-cluster", "-S", one.http_address).code == 0


def test_nodes_join_keep_process_and_ports_and_leave(scene: Scene) -> None:
    one = scene.start("one", "--database", scene.dsn, "--cluster-secret", PLANTED[1])
    two, three = scene.start("two"), scene.start("three")
    joins: list[Said] = []
    threads = [
        threading.Thread(target=lambda node=node: joins.append(register(node, one)))
        for node in (two, three)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.code for each in joins] == [0, 0], joins
    print("joined:", [each.out.strip() for each in joins])
    for node in (one, two, three):
        until_seen(node, one="running", two="running", three="running")
    for node in (two, three):
        ports = json.loads(ask(node, "/v1/public/me")[1])
        assert [ports["httpPort"], ports["grpcPort"]] == [node.ready["http"], node.ready["grpc"]]
    # Once more, to no effect.
    assert ask(two, "/v1/cluster", "POST", joining(one))[0] == 202

    event = {"messages": [{"payload": {"type": "Joined", "data": "x"}}]}
    assert ask(two, "/v1/events", "POST", event)[0] == 200
    answers = [ask(node, path)[1] for node in (one, two, three) for path in REST]
    assert ranvier("unregister-node", "-S", three.http_address, "-n", "two").code == 0
    until_seen(two, two="running")
    until_seen(one, one="running", three="running")
    assert two.is_running
    assert register(two, one).code == 0
    assert ask(one, "/v1/cluster/nobody", "DELETE")[0] == 404

    three.kill()  # what it keeps of the cluster is enough to come back
    three = scene.start("three")
    until_seen(one, one="running", two="running", three="running")
    assert three.stop() == 0
    with pytest.raises(RuntimeError):
        scene.start("three", "--cluster-secret", "another")
    assert "cluster_secret (flag --cluster-secret) differs" in scene.log("three")
    assert ask(one, "/v1/cluster/one", "DELETE")[0] == 202
    until(lambda: not one.is_running, "the node ends whose settings name the database", SECONDS)
    last = ask(two, "/v1/cluster/two", "DELETE")
    assert (last[0], "the last one" in last[1]) == (409, True)
    logs = "".join(map(scene.log, ("one", "two", "three")))
    for planted in PLANTED:
        assert planted not in logs
        assert not any(planted in answer for answer in answers)


REST = (
    "/v1/public",
    "/v1/public/me",
    "/v1/public/context",
    "/api/cluster",
    "/api/cluster/nodes",
    "/health/ready",
    "/actuator/metrics",
    "/",
)


def test_nothing_is_handed_over_without_proof(scene: Scene) -> None:
    """The node in the cluster is open to other machines: its own one is as strange as they are."""
    one = scene.start(
        *("one", "--database", scene.dsn, "--cluster-secret", PLANTED[1]),
        *("--internal-bind", "0.0.0.0", "--insecure"),
    )
    two = scene.start("two")
    used, expired = (new_token(one) for _ in "ab")
    run_statement(
        scene.dsn,
        "UPDATE ranvier.join_token SET expires_at = now() - interval '1 second'"
        f" WHERE id = '{expired.partition('.')[0]}'",
    )
    run_statement(
        scene.dsn,
        f"UPDATE ranvier.join_token SET used_by = 'x' WHERE id = '{used.partition('.')[0]}'",
    )
    for proof, code in (
        ({}, "RANVIER-PROOF-MISSING"),
        ({"clusterSecret": PLANTED[2]}, "RANVIER-PROOF-WRONG"),
        ({"joinToken": "0" * 12 + "." + "0" * 48}, "RANVIER-PROOF-WRONG"),
        ({"joinToken": used}, "RANVIER-TOKEN-USED"),
        ({"joinToken": expired}, "RANVIER-TOKEN-EXPIRED"),
    ):
        status, answer = ask(two, "/v1/cluster", "POST", joining(one, **proof))
        assert (status, json.loads(answer)["code"]) == (403, code)
        assert not any(planted in answer for planted in PLANTED)
    assert states(one) == {"one": "running"}
    secret = scene.folder / "secret"
    secret.write_text(f"{PLANTED[1]}\n")
    assert register(two, one, "--secret-file", str(secret)).code == 0
    with pytest.raises(RuntimeError):
        scene.start("three", "--database", scene.dsn, "--cluster-secret", PLANTED[2])
    assert "ranvier: cluster_secret differs from that of the cluster" in scene.log("three")
    with pytest.raises(RuntimeError):
        scene.start("four", "--database", scene.dsn, "--internal-bind", "0.0.0.0", "--insecure")
    assert "set cluster_secret to that of its other nodes" in scene.log("four")
    logs = "".join(map(scene.log, ("one", "two", "three", "four")))
    assert not any(planted in logs for planted in PLANTED)


def test_a_node_that_is_killed_while_it_joins_joins_again(scene: Scene) -> None:
    one = scene.start("one", "--database", scene.dsn)
    token = ranvier("join-token", "-S", one.http_address).out.strip()
    ports = free_ports().flags()
    two = scene.start("two", *ports)
    assert ask(two, "/v1/cluster", "POST", joining(one, joinToken=token))[0] == 202
    two.kill()
    (scene.folder / "two" / "cluster.json").unlink(missing_ok=True)  # as if it had not come so far
    two = scene.start("two", *ports)
    assert ask(two, "/v1/cluster", "POST", joining(one, joinToken=token))[0] == 202
    until_seen(one, one="running", two="running")


def test_a_node_joins_by_itself_where_its_settings_say_so(scene: Scene) -> None:
    one = scene.start("one", "--database", scene.dsn, "--autocluster-contexts", "_admin,orders")
    place = f"127.0.0.1:{one.ready['internal']}"
    two = scene.start("two", "--autocluster-first", place)
    until_seen(two, one="running", two="running")
    until(lambda: '"orders"' in ask(two, "/v1/public/context")[1], "two knows it", SECONDS)
    began = time.monotonic()
    three = scene.start("three")
    ready = time.monotonic()
    assert ask(three, "/v1/cluster", "POST", joining(one))[0] == 202
    until(lambda: len(states(three)) == 3, "the node serves in its cluster", SECONDS)
    event = {"messages": [{"payload": {"type": "Joined", "data": "x"}}]}
    assert ask(three, "/v1/events", "POST", event)[0] == 200
    seconds = time.monotonic() - ready
    print(
        f"join to the first request served: {seconds:.2f} s; start before it: {ready - began:.2f} s"
    )
