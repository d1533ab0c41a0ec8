from __future__ import annotations

import json
from pathlib import Path

import pytest

from ranvier.cli import joining
from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode

TOKEN = "0" * 12 + "." + "0" * 48
ALONE = {"clusterId": "c", "joined": False, "refusal": ""}
JOINED = ALONE | {"joined": True}
OWN = {"name": "two", "isLocal": True, "state": "running"}


def answered(value: object, status: int = 200) -> StubAnswer:
    return StubAnswer(status=status, body=json.dumps(value).encode())


def refused(status: int, code: str) -> StubAnswer:
    return StubAnswer(
        status=status,
        content_type="application/problem+json",
        body=json.dumps({"detail": "Told.", "code": code}).encode(),
    )


def register(node: StubNode, *more: str) -> int:
    return main(["register-node", "-S", node.url, "-h", "node-1", *more])


def test_the_command_returns_when_the_node_is_running(
    node: StubNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.will_answer(
        StubAnswer(status=202),
        answered(ALONE),
        refused(503, "RANVIER-STOPPING"),
        answered(JOINED),
        answered([OWN | {"state": "starting"}, {"name": "one", "state": "running"}]),
        answered(JOINED),
        answered([OWN]),
    )
    assert register(node, "-p", "8225", "--join-token", TOKEN, "-o", "json") == 0
    assert (
        json.loads(capsys.readouterr().out).items() >= {"node": "two", "state": "running"}.items()
    )
    asked = node.seen[0]
    assert (asked.method, asked.path) == ("POST", "/v1/cluster")
    assert json.loads(asked.body) == {
        "internalHostName": "node-1",
        "internalGrpcPort": 8225,
        "joinToken": TOKEN,
    }


def test_a_secret_is_read_from_a_file(
    node: StubNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("planted-secret\n")
    node.will_answer(StubAnswer(status=202), answered(JOINED), answered([OWN]))
    assert register(node, "--secret-file", str(secret)) == 0
    assert json.loads(node.seen[0].body)["clusterSecret"] == "planted-secret"
    assert "planted" not in capsys.readouterr().out
    for content in ("", "two words", "ünicode"):
        secret.write_text(content)
        assert register(node, "--secret-file", str(secret)) == 1
        assert str(secret) in capsys.readouterr().err
    assert register(node, "--secret-file", str(tmp_path / "missing")) == 1


def test_a_refusal_is_passed_on(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(refused(403, "RANVIER-PROOF-MISSING"))
    assert register(node) == 1
    assert capsys.readouterr().err == "Told. [RANVIER-PROOF-MISSING]\n"


def test_a_node_that_went_back_is_told_of(
    node: StubNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.will_answer(StubAnswer(status=202), answered(ALONE | {"refusal": "A name is taken."}))
    assert register(node) == 1
    assert "goes on alone: A name is taken." in capsys.readouterr().err


def test_a_node_that_took_over_another_access_token_is_there(
    node: StubNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.will_answer(StubAnswer(status=202), refused(403, "AXONIQ-1001"))
    assert register(node) == 0
    assert capsys.readouterr().out.startswith("The node is running in the cluster of node-1")
    node.will_answer(StubAnswer(status=202), refused(403, "AXONIQ-1001"))
    assert register(node, "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["node"] is None


def test_a_node_that_does_not_come_back_is_told_of(
    node: StubNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "STARTING_SECONDS", 0.0)
    node.will_answer(StubAnswer(status=202))
    assert register(node) == 3


def test_the_other_commands_say_what_is_done(
    node: StubNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.will_answer(StubAnswer(status=202), answered(JOINED))
    assert main(["init-cluster", "-S", node.url]) == 0
    node.will_answer(StubAnswer(status=202), answered([OWN | {"isLocal": False}]), answered([]))
    assert main(["unregister-node", "-S", node.url, "-n", "two"]) == 0
    node.will_answer(answered({"token": TOKEN, "lifeSeconds": 900}, 201))
    assert main(["join-token", "-S", node.url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Cluster c is initialised and has context default.",
        "Node two is taken out of the cluster.",
        TOKEN,
    ]
    assert [(each.method, each.path) for each in node.seen] == [
        ("POST", "/v1/context/init"),
        ("GET", "/api/cluster"),
        ("DELETE", "/v1/cluster/two"),
        ("GET", "/api/cluster/nodes"),
        ("GET", "/api/cluster/nodes"),
        ("POST", "/api/cluster/join-tokens"),
    ]


def test_a_node_that_leaves_itself_is_awaited_until_it_stands_alone(node: StubNode) -> None:
    silent = refused(503, "RANVIER-STOPPING")
    there = (answered([OWN]), answered(JOINED))
    node.will_answer(StubAnswer(status=202), *there, silent, answered([OWN]), answered(ALONE))
    assert main(["unregister-node", "-S", node.url, "-n", "two"]) == 0
    assert len(node.seen) == 6


def test_a_node_that_does_not_leave_is_told_of(
    node: StubNode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(joining, "LEAVING_SECONDS", 0.0)
    node.will_answer(StubAnswer(status=202))
    assert main(["unregister-node", "-S", node.url, "-n", "two"]) == 3
    assert "still in the cluster" in capsys.readouterr().err


def test_two_proofs_at_once_are_wrong_usage(
    node: StubNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    assert register(node, "--secret-file", str(secret), "--join-token", TOKEN) == 2
    assert "--secret-file or --join-token" in capsys.readouterr().err
    assert node.seen == []
