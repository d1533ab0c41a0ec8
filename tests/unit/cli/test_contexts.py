from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode, problem

LISTED = [
    {"context": "default", "dcbContext": False, "metaData": {}},
    {
        "context": "orders",
        "dcbContext": True,
        "hasOwnDatabase": True,
        "metaData": {"owner": "sales", "size": "9"},
    },
]


def test_contexts_as_lines(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(StubAnswer(body=json.dumps(LISTED).encode()))
    assert main(["contexts", "-S", node.url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "CONTEXT  KIND               PROPERTIES",
        "default  classic",
        "orders   DCB, own database  owner=sales size=9",
    ]
    assert (node.seen[0].method, node.seen[0].path) == ("GET", "/v1/public/context")


def test_contexts_as_json(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(StubAnswer(body=json.dumps(LISTED).encode()))
    assert main(["contexts", "-S", node.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == LISTED


@pytest.mark.parametrize(
    ("arguments", "method", "path", "body", "said"),
    [
        (
            ["register-context", "-c", "orders", "--dcb", "-prop", "owner=sales"],
            "POST",
            "/v1/context",
            {"context": "orders", "dcbContext": True, "metaData": {"owner": "sales"}},
            "Context orders is created.",
        ),
        (
            ["update-context", "-c", "orders", "-prop", "a=b=c", "--property", "d="],
            "PATCH",
            "/v1/context/orders",
            {"metaData": {"a": "b=c", "d": ""}},
            "Context orders is changed.",
        ),
        (
            ["delete-context", "-c", "_a-b"],
            "DELETE",
            "/v1/context/_a-b",
            None,
            "Context _a-b is deleted.",
        ),
    ],
)
def test_a_context_is_changed(
    node: StubNode,
    capsys: pytest.CaptureFixture[str],
    *,
    arguments: list[str],
    method: str,
    path: str,
    body: object,
    said: str,
) -> None:
    node.will_answer(StubAnswer(202, body=b""))
    assert main([*arguments, "-S", node.url]) == 0
    (seen,) = node.seen
    assert (seen.method, seen.path) == (method, path)
    assert (json.loads(seen.body) if seen.body else None) == body
    assert capsys.readouterr().out == said + "\n"


def test_a_change_as_json(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(StubAnswer(202, body=b""))
    assert main(["delete-context", "-c", "orders", "-S", node.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"context": "orders", "state": "deleted"}


def test_a_refusal_is_one_sentence(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(problem(409, "AXONIQ-1304", "Context orders exists already."))
    assert main(["register-context", "-c", "orders", "-S", node.url]) == 1
    assert capsys.readouterr().err == "Context orders exists already. [AXONIQ-1304]\n"


DSN = "postgresql://me:s3cret@db/orders"


def test_the_address_of_a_database_is_read_where_nobody_else_sees_it(
    node: StubNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dsn"
    file.write_text(f"{DSN}\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{DSN}\n"))
    for given in (str(file), "-"):
        node.will_answer(StubAnswer(202, body=b""))
        command = ["register-context", "-c", "orders", "--database-file", given, "-S", node.url]
        assert main(command) == 0
        assert json.loads(node.seen[-1].body)["database"] == DSN


@pytest.mark.parametrize("text", ["", "one\ntwo", None])
def test_a_file_without_an_address_is_wrong_usage(
    node: StubNode, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "dsn"
    if text is not None:
        file.write_text(text)
    command = ["register-context", "-c", "orders", "-S", node.url, "--database-file", str(file)]
    assert main(command) == 2
    file.write_text(DSN)
    assert main([*command, "--database", DSN]) == 2
    assert node.seen == []


def test_a_property_without_a_value_is_wrong_usage(node: StubNode) -> None:
    assert main(["register-context", "-c", "orders", "-prop", "owner", "-S", node.url]) == 2
    assert node.seen == []


@pytest.mark.parametrize("name", ["ä b", "a/b", "1a", "a" * 256])
@pytest.mark.parametrize("command", ["register-context", "delete-context"])
def test_a_name_that_no_context_may_have_is_refused_by_the_rule_of_the_node(
    node: StubNode, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    assert main([command, "-c", name, "-S", node.url]) == 2
    said = "".join(each for each in capsys.readouterr().err if each not in "│\n ")
    assert "beginwithaletterandgoonwithletters,digits,-and_,atmost255inall" in said
    assert node.seen == []
