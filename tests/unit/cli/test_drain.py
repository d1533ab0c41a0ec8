"""`ranvier drain` and `ranvier resume`: what is asked, and what is said."""

from __future__ import annotations

import json

import pytest

from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode


@pytest.mark.parametrize(
    ("command", "state", "word"),
    [("drain", "draining", "drains"), ("resume", "running", "takes clients again")],
)
def test_a_node_is_asked_for_by_its_name(
    node: StubNode, capsys: pytest.CaptureFixture[str], command: str, state: str, word: str
) -> None:
    for _ in range(2):
        node.will_answer(StubAnswer(status=202, body=b""))
    assert main([command, "node-2", "-S", node.url]) == 0
    assert f"Node node-2 {word}" in capsys.readouterr().out
    assert (node.seen[0].method, node.seen[0].path) == (
        "POST",
        f"/api/cluster/nodes/node-2/{command}",
    )
    assert main([command, "node-2", "-S", node.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "node-2", "state": state}
