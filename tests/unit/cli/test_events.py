from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode, event_stream, problem

Captured = pytest.CaptureFixture[str]

EVENT: dict[str, Any] = {
    "token": 41,
    "messageId": "m-1",
    "aggregateId": "acc-1",
    "aggregateSequenceNumber": 3,
    "aggregateType": "Account",
    "timestamp": "2026-11-21T09:30:00.000Z",
    "payloadType": "Opened",
    "payloadRevision": "2",
    "payload": '{"owner":"Ada"}',
    "metaData": {},
}


def test_append_posts_the_event_of_the_options(node: StubNode, capsys: Captured) -> None:
    node.will_answer(StubAnswer(body=b'{"success": true}'))
    arguments = [
        "--type",
        "Opened",
        "--data",
        "{}",
        "--aggregate",
        "Account/a/1",
        "--sequence",
        "0",
    ]
    assert main(["events", "append", "-S", node.url, *arguments]) == 0
    [request] = node.seen
    assert (request.method, request.path) == ("POST", "/v1/events")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["axoniq-context"] == "default"
    assert "axoniq-access-token" not in request.headers
    assert json.loads(request.body) == {
        "messages": [
            {
                "payload": {"type": "Opened", "data": "{}"},
                "aggregateType": "Account",
                "aggregateId": "a/1",
                "aggregateSequenceNumber": 0,
            }
        ]
    }
    assert capsys.readouterr().out == "Appended.\n"


def test_append_posts_a_file_or_standard_input_as_it_is(
    node: StubNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    node.will_answer(StubAnswer(body=b'{"success": true}'))
    file = tmp_path / "events.json"
    file.write_bytes(b'[{"payload": {"type": "A"}}]')
    assert main(["events", "append", str(file), "-S", node.url, "-c", "other", "-o", "json"]) == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[1]")))
    assert main(["events", "append", "-", "-S", node.url]) == 0
    assert [request.body for request in node.seen] == [file.read_bytes(), b"[1]"]
    assert node.seen[0].headers["axoniq-context"] == "other"
    assert json.loads(capsys.readouterr().out.splitlines()[0]) == {"success": True}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--data", "x"],
        ["--type", "A", "events.json"],
        ["--type", "A", "--aggregate", "Account", "--sequence", "0"],
        ["--type", "A", "--aggregate", "/x", "--sequence", "0"],
        ["--type", "A", "--aggregate", "Account/x"],
        ["--type", "A", "--sequence", "-1"],
        ["nowhere.json"],
        ["--type", "A", "-c", ""],
        ["--type", "A", "-c", "a\nb"],
        ["--type", "A", "-o", "xml"],
        ["--type", "A", "-t", "two words"],
    ],
)
def test_append_refuses_what_it_cannot_send(
    node: StubNode, arguments: list[str], capsys: Captured
) -> None:
    assert main(["events", "append", "-S", node.url, *arguments]) == 2
    assert node.seen == []
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err


@pytest.mark.parametrize("content", [b"[]", b" [\n]\n"])
def test_an_empty_array_is_nothing_to_append(
    node: StubNode, tmp_path: Path, content: bytes, capsys: Captured
) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(content)
    assert main(["events", "append", str(file), "-S", node.url]) == 0
    assert capsys.readouterr().out == "Nothing to append.\n"
    assert main(["events", "append", str(file), "-S", node.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"success": True}
    assert node.seen == []


def test_the_help_of_append_shows_a_file_that_a_node_takes(capsys: Captured) -> None:
    assert main(["events", "append", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    [example] = json.loads(shown[shown.index("[{") : shown.rindex("}]") + 2])
    assert example["payload"] == {"type": "Opened", "data": "{}"}


def test_read_prints_a_line_for_each_event(node: StubNode, capsys: Captured) -> None:
    bare = {"token": 42, "timestamp": "t", "payloadType": "B", "payload": "a\n\x1b[2Jb"}
    binary = {"token": 43, "payloadType": "C", "payload": "AP8=", "payloadEncoding": "base64"}
    node.will_answer(event_stream(EVENT, bare, binary))
    assert main(["events", "read", "--from", "41", "--limit", "5", "-S", node.url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        '41  2026-11-21T09:30:00.000Z  Account/acc-1@3  Opened#2  {"owner":"Ada"}',
        "42  t  B  a\\n\\x1b[2Jb",
        "43  C  base64:AP8=",
    ]
    assert node.seen[0].path == "/v1/events"
    assert node.seen[0].query == {"trackingToken": "41", "maxEvents": "5", "timeout": "0"}


def test_read_prints_an_array_as_json(node: StubNode, capsys: Captured) -> None:
    hostile = EVENT | {"payload": "a\u2028b\u0085c\n"}
    node.will_answer(event_stream(EVENT, hostile))
    assert main(["events", "read", "-o", "json", "-S", node.url]) == 0
    assert json.loads(capsys.readouterr().out) == [EVENT, hostile]
    node.will_answer(event_stream())
    assert main(["events", "read", "-o", "json", "-S", node.url]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_read_of_an_aggregate(node: StubNode, capsys: Captured) -> None:
    node.will_answer(event_stream(EVENT, EVENT, EVENT))
    arguments = ["events", "read", "--aggregate", "a&b", "--from", "3", "--limit", "2"]
    assert main([*arguments, "-S", node.url]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert node.seen[0].query == {
        "aggregateId": "a&b",
        "initialSequence": "3",
        "allowSnapshots": "false",
    }


def test_read_of_snapshots_goes_on_where_a_page_ended(node: StubNode, capsys: Captured) -> None:
    def page(*sequences: int) -> StubAnswer:
        rows = [EVENT | {"aggregateSequenceNumber": each, "snapshot": True} for each in sequences]
        return StubAnswer(body=json.dumps(rows).encode())

    node.will_answer(page(*range(300, 200, -1)), page(*range(200, 150, -1)), page())
    arguments = ["events", "read", "--aggregate", "acc-1", "--snapshots", "-S", node.url]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 150
    assert "Account/acc-1@300 snapshot" in lines[0]
    assert [request.query for request in node.seen] == [
        {"aggregateId": "acc-1", "maxResults": "100"},
        {"aggregateId": "acc-1", "maxResults": "100", "maxSequence": "200"},
        {"aggregateId": "acc-1", "maxResults": "100", "maxSequence": "150"},
    ]
    node.will_answer(page(0))
    assert main([*arguments, "--limit", "1"]) == 0
    assert node.seen[-1].query["maxResults"] == "1"
    assert main(["events", "read", "--snapshots", "-S", node.url]) == 2


def test_tail_begins_at_the_head_and_goes_on_where_a_stream_ended(
    node: StubNode, capsys: Captured
) -> None:
    metrics = b'axon_event_lastToken{context="other"} 7\naxon_event_lastToken{context="default"} 40'
    node.will_answer(
        StubAnswer(content_type="text/plain; version=0.0.4", body=metrics),
        event_stream(EVENT),
        event_stream(),
        event_stream(EVENT | {"token": 42}),
    )
    assert main(["events", "tail", "--limit", "2", "-o", "json", "-S", node.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["token"] for line in lines] == [41, 42]
    assert [request.query for request in node.seen[1:]] == [
        {"trackingToken": "41", "maxEvents": "2", "timeout": "3600"},
        {"trackingToken": "42", "maxEvents": "1", "timeout": "3600"},
        {"trackingToken": "42", "maxEvents": "1", "timeout": "3600"},
    ]


def test_tail_from_a_token_asks_for_no_head(node: StubNode, capsys: Captured) -> None:
    node.will_answer(event_stream(EVENT))
    assert main(["events", "tail", "--from", "0", "--limit", "1", "-S", node.url]) == 0
    assert [request.query["trackingToken"] for request in node.seen] == ["0"]
    assert capsys.readouterr().out.startswith("41  ")


def test_tail_without_the_figure_of_the_head_shows_no_old_events(
    node: StubNode, capsys: Captured
) -> None:
    tail = ["events", "tail", "--limit", "1", "-S", node.url]
    no_figure = StubAnswer(content_type="text/plain", body=b"x 1")
    node.will_answer(no_figure, problem(404, "AXONIQ-1302", "Unknown context."))
    assert main(tail) == 1
    assert "AXONIQ-1302" in capsys.readouterr().err
    node.will_answer(no_figure, event_stream(EVENT))
    assert main(tail) == 1
    assert "give --from TOKEN" in capsys.readouterr().err
    node.will_answer(no_figure, event_stream(), event_stream(EVENT))
    assert main(tail) == 0
    assert node.seen[-1].query["trackingToken"] == "0"


def test_an_interrupted_tail_is_done(
    node: StubNode, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def interrupted(_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("ranvier.cli.events.event_line", interrupted)
    node.will_answer(event_stream(EVENT))
    assert main(["events", "tail", "--from", "0", "-S", node.url]) == 0
    assert capsys.readouterr().err == ""
