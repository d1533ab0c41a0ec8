from __future__ import annotations

import json
from typing import Any

import pytest

from ranvier.cli.app import main
from ranvier.cli.query_caret import caret_lines
from tests.support.stub_node import StubAnswer, StubNode, problem

Captured = pytest.CaptureFixture[str]

DONE: tuple[str, Any] = ("done", {})


def answer(*events: tuple[str, Any]) -> StubAnswer:
    blocks = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events]
    return StubAnswer(200, "text/event-stream", "".join(blocks).encode())


def row(identity: object, **cells: object) -> tuple[str, Any]:
    return "row", {"idValues": [identity], "sortValues": [identity], "value": cells}


COLUMNS = ("metadata", ["type", "n", "mean", "open", "none"])
ROWS = [
    row("Opened", type="Opened", n=12, mean=1.5, open=True, none=None),
    row("x", type="\x1b[2J" + "y" * 60, n=3, mean=10, open=False, none=None),
]


def test_a_table_for_people(node: StubNode, capsys: Captured) -> None:
    node.will_answer(answer(COLUMNS, *ROWS, DONE))
    assert main(["events", "query", "groupby(payloadType, count())", "-S", node.url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "type                                         n   mean  open   none",
        "-------------------------------------------  --  ----  -----  ----",
        "Opened                                       12   1.5  true",
        "\\x1b[2J" + "y" * 35 + "…   3    10  false",
    ]
    [request] = node.seen
    assert request.path == "/v1/search"
    assert request.query == {
        "query": "groupby(payloadType, count())",
        "snapshots": "false",
        "live": "false",
    }


def test_an_empty_answer_still_names_its_columns(node: StubNode, capsys: Captured) -> None:
    node.will_answer(answer(("metadata", ["token"]), DONE))
    assert main(["events", "query", "token < 0", "-S", node.url]) == 0
    assert capsys.readouterr().out == "token\n-----\n"


def test_an_array_as_json(node: StubNode, capsys: Captured) -> None:
    node.will_answer(answer(COLUMNS, *ROWS, DONE))
    assert main(["events", "query", "-o", "json", "--snapshots", "-S", node.url]) == 0
    assert json.loads(capsys.readouterr().out) == [each["value"] for _, each in ROWS]
    assert node.seen[0].query["snapshots"] == "true"


def test_live_goes_on_after_history(node: StubNode, capsys: Captured) -> None:
    gone = ("row", {"idValues": ["a"], "deleted": True})
    parts = (("metadata", ["n"]), row("a", n=1), DONE, row("a", n=2), gone)
    node.will_answer(answer(*parts))
    assert main(["events", "query", "--live", "-S", node.url]) == 0
    assert capsys.readouterr().out.splitlines() == ["n", "-", "1", "2", 'no longer: ["a"]']
    assert main(["events", "query", "--live", "-o", "json", "-S", node.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [parts[1][1], parts[3][1], gone[1]]


def test_a_bad_query_is_1_and_shows_the_place(node: StubNode, capsys: Captured) -> None:
    text = "token = 1 | selct(token)"
    refusal = problem(400, "AXONIQ-2511", "'selct' at position 13 is no function.")
    body = json.loads(refusal.body) | {"position": 13}
    node.will_answer(StubAnswer(400, refusal.content_type, json.dumps(body).encode()))
    assert main(["events", "query", text, "-S", node.url]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "'selct' at position 13 is no function. [AXONIQ-2511]",
        "  token = 1 | selct(token)",
        "              ^",
    ]


def test_a_refusal_within_the_stream_is_told_too(node: StubNode, capsys: Captured) -> None:
    told = {"code": "AXONIQ-2002", "detail": "Too many rows."}
    node.will_answer(answer(("metadata", ["n"]), ("error", told)))
    assert main(["events", "query", "sortby(token)", "-S", node.url]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "Too many rows. [AXONIQ-2002]\n")


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (1, ("  " + "x" * 20 + "…", "  ^")),
        (100, ("  …" + "x" * 61, "  " + " " * 61 + "^")),
        (101, ("  …" + "x" * 60, "  " + " " * 61 + "^")),
        (5_000, ("  …" + "x" * 60, "  " + " " * 61 + "^")),
    ],
)
def test_of_a_long_query_the_part_around_the_place_is_shown(
    position: int, expected: tuple[str, str]
) -> None:
    assert caret_lines("x" * 100, position) == expected


def test_line_breaks_do_not_move_the_caret() -> None:
    assert caret_lines("a\nb", 3) == ("  a\\nb", "     ^")
