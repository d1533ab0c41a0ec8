from __future__ import annotations

import json

import pytest

from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode

LISTED = [
    {
        "name": "adam",
        "state": "running",
        "communication": "up",
        "host": "adam.example.org",
        "httpPort": 8024,
        "grpcPort": 8124,
        "internalPort": 8224,
        "jvmRoute": "adam",
        "version": "0.4",
        "isLocal": True,
    },
    {"name": "eve", "state": "down", "communication": "down", "isLocal": False, "jvmRoute": None},
]


def test_nodes_as_lines(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(StubAnswer(body=json.dumps(LISTED).encode()))
    assert main(["cluster", "-S", node.url]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["NAME", "STATE", "COMMUNICATION", "HOST", "HTTP", "GRPC", "INTERNAL", "ROUTE", "VERSION"],
        ["adam", "*", "running", "up", "adam.example.org", "8024", "8124", "8224", "adam", "0.4"],
        ["eve", "down", "down", "-", "-", "-", "-", "-", "-"],
    ]
    assert (node.seen[0].method, node.seen[0].path) == ("GET", "/api/cluster/nodes")


def test_nodes_as_the_array_that_rest_answers(
    node: StubNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.will_answer(StubAnswer(body=json.dumps(LISTED).encode()))
    assert main(["cluster", "-S", node.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == LISTED
