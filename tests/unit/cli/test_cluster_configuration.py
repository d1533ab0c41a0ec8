"""`ranvier config get|set --cluster` against a stub of a node."""

from __future__ import annotations

import json

import pytest

from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode

SHOWN = {
    "revision": 4,
    "replaces": 3,
    "values": {"query.limit": "7", "access_token": "***"},
    "author": "eve at 192.0.2.1",
    "changedAt": "2026-01-02T03:04:05Z",
    "state": "accepted",
    "reason": "",
    "keys": [
        {"key": each, "applies": "at once"} for each in ("query.limit", "query.timeout_seconds")
    ],
}


def will_answer(node: StubNode, answer: object) -> None:
    node.will_answer(StubAnswer(body=json.dumps(answer).encode()))


def run(node: StubNode, *words: str) -> int:
    return main(["config", *words, "-S", node.url])


def test_what_is_in_force(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    will_answer(node, SHOWN)
    assert run(node, "get", "--cluster") == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["Revision", "4,", "set", "by", "eve", "at", "192.0.2.1", "at", "2026-01-02T03:04:05Z"],
        ["KEY", "VALUE"],
        ["access_token", "***"],
        ["query.limit", "7"],
    ]
    will_answer(node, SHOWN)
    assert run(node, "get", "query.limit", "--cluster") == 0
    assert capsys.readouterr().out == "7\n"
    will_answer(node, SHOWN)
    assert run(node, "get", "--cluster", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == SHOWN
    will_answer(node, SHOWN)
    assert run(node, "get", "query.timeout_seconds", "--cluster") == 1
    assert "is not set for the cluster" in capsys.readouterr().err
    will_answer(node, SHOWN)
    assert run(node, "get", "query.limt", "--cluster") == 2
    assert "no setting that nodes share" in capsys.readouterr().err


def test_who_has_changed_it(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    refused = SHOWN | {"revision": 5, "state": "refused", "reason": "Node two refuses it."}
    will_answer(node, [refused, SHOWN, SHOWN | {"revision": 3, "values": {}}])
    assert run(node, "get", "--cluster", "--history") == 0
    _, newest, first, nothing = capsys.readouterr().out.splitlines()
    assert newest.startswith("5")
    assert newest.endswith("Node two refuses it.")
    assert "query.limit" in first
    assert nothing.endswith("(none)")
    will_answer(node, [SHOWN])
    assert run(node, "get", "--cluster", "--history", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == [SHOWN]


def test_a_change(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    will_answer(node, SHOWN)
    words = ("set", "--cluster", "--replaces", "3", "query.limit=7", "access_token=")
    assert run(node, *words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Revision 4 is in force.",
        "query.limit counts at once.",
        "access_token counts at once.",
    ]
    (seen,) = node.seen
    assert (seen.method, seen.path) == ("PATCH", "/api/cluster/configuration")
    sent = json.loads(seen.body)
    assert sent["values"] == {"query.limit": "7", "access_token": None}
    assert sent["replaces"] == 3
    will_answer(node, SHOWN)
    assert run(node, "set", "--cluster", "query.limit=7", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == SHOWN


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("get",), "--cluster"),
        (("set", "query.limit=7"), "--cluster"),
        (("set", "--cluster", "query.limit"), "KEY=VALUE"),
    ],
)
def test_wrong_usage(
    node: StubNode, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run(node, *words) == 2
    assert said in capsys.readouterr().err
    assert node.seen == []
