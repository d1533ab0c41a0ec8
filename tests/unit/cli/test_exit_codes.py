from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading

import pytest
import trustme
import typer

from ranvier.cli import node_client
from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode, event_stream, problem, stub_node

FIGURE = StubAnswer(
    body=b'{"names": ["x"], "name": "x", "measurements": [{"statistic": "VALUE", "value": 1}]}'
)
"""The list of figures and each of them in one."""

Captured = pytest.CaptureFixture[str]

COMMANDS = [
    ["events", "append", "--type", "A"],
    ["events", "read"],
    ["events", "read", "--aggregate", "a", "--snapshots"],
    ["events", "tail", "--from", "0"],
    ["events", "tail"],
    ["events", "query", "token > 5"],
    ["events", "query", "--live"],
    ["metrics"],
]


def only_sentence(capsys: Captured) -> str:
    """Give the one line on standard error; nothing may be on standard output."""
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refusal_is_1_with_the_sentence_of_the_node(
    node: StubNode, command: list[str], capsys: Captured
) -> None:
    node.will_answer(problem(404, "AXONIQ-1302", "The context x\n\x1b[2J does not exist."))
    assert main([*command, "-S", node.url, "-o", "json"]) == 1
    assert only_sentence(capsys) == ("The context x\\n\\x1b[2J does not exist. [AXONIQ-1302]")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "answer",
    [
        StubAnswer(502, "text/html", b"<html>Bad gateway</html>"),
        StubAnswer(500, "application/json", b"[]"),
        StubAnswer(404, "application/json", b'{"detail": 1}'),
        StubAnswer(302, "text/html", b""),
        StubAnswer(200, "text/html", b"<html>Welcome</html>"),
    ],
)
def test_an_answer_of_something_else_is_1_and_says_so(
    node: StubNode, command: list[str], answer: StubAnswer, capsys: Captured
) -> None:
    node.will_answer(answer)
    assert main([*command, "-S", node.url]) == 1
    assert "give the HTTP address of a node by -S" in only_sentence(capsys)


@pytest.mark.parametrize("code", ["AXONIQ-1000", "AXONIQ-1001"])
def test_who_brings_no_token_is_told_how(node: StubNode, code: str, capsys: Captured) -> None:
    node.will_answer(problem(401, code, "No access token."))
    assert main(["metrics", "-S", node.url]) == 1
    assert only_sentence(capsys) == f"No access token. Give the token by -t TOKEN. [{code}]"


def test_a_node_that_stands_still_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(node_client, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        assert main(["metrics", "-S", f"http://127.0.0.1:{frozen.getsockname()[1]}"]) == 3
    assert "is a node running there?" in capsys.readouterr().err


def test_who_waits_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    told, said = threading.Event(), []

    def echo(text: str, *, err: bool) -> None:
        said.append((text, err))
        told.set()

    monkeypatch.setattr(node_client, "NOTE_SECONDS", 0.0)
    monkeypatch.setattr(typer, "echo", echo)
    with node_client.told_of_waiting("http://node"):
        assert told.wait(30)
    assert said == [("No answer from http://node yet; waiting for up to 30 s.", True)]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_answer_is_3(command: list[str], capsys: Captured) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        assert main([*command, "-S", url]) == 3
    sentence = only_sentence(capsys)
    assert sentence.startswith(f"No answer from {url} (")
    assert sentence.endswith("is a node running there?")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_that_breaks_off_is_3(
    node: StubNode, command: list[str], capsys: Captured
) -> None:
    content_type = {
        "read": "text/event-stream",
        "tail": "text/event-stream",
        "query": "text/event-stream",
    }.get(command[1] if len(command) > 1 else "", "text/plain")
    node.will_answer(StubAnswer(200, content_type, b'{"', missing_bytes=100))
    if command == ["events", "tail"]:
        node.will_answer(StubAnswer(200, "text/plain", b"", missing_bytes=100))
    assert main([*command, "-S", node.url]) == 3
    assert "No answer from" in only_sentence(capsys)


def test_a_stream_that_ends_without_a_last_word_is_3(node: StubNode, capsys: Captured) -> None:
    node.will_answer(event_stream(end=""))
    assert main(["events", "read", "-S", node.url]) == 3
    assert "broke off" in only_sentence(capsys)


def test_an_error_within_a_stream_is_1(node: StubNode, capsys: Captured) -> None:
    end = 'event: error\ndata: {"code": "RANVIER-STOPPING", "detail": "The node stops."}\n\n'
    node.will_answer(event_stream(end=end))
    assert main(["events", "tail", "--from", "0", "-S", node.url]) == 1
    assert only_sentence(capsys) == "The node stops. [RANVIER-STOPPING]"


@pytest.mark.parametrize("data", ["no json", "[1]", '"text"'])
def test_an_event_of_another_form_is_1(node: StubNode, data: str, capsys: Captured) -> None:
    node.will_answer(event_stream(end=f"data: {data}\n\n"))
    assert main(["events", "read", "-S", node.url]) == 1
    assert "something else than" in only_sentence(capsys)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://localhost",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://user:password@host",
        "http://host/?query",
        "http://ho st\n",
        "http://hös",
        "http://[::1",
    ],
)
def test_an_address_that_is_none_is_2(url: str, capsys: Captured) -> None:
    assert main(["metrics", "-S", url]) == 2
    assert "give http://HOST:PORT" in only_sentence(capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["events"],
        ["events", "nonsense"],
        ["events", "read", "--nonsense"],
        ["events", "read", "--from", "x"],
        ["events", "read", "--from", "-1"],
        ["events", "tail", "--limit", "0"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: Captured) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert "Usage: ranvier" in printed.err + printed.out
    assert "Traceback" not in printed.err


def test_help_and_version_are_0(capsys: Captured) -> None:
    assert main(["--help"]) == 0
    assert "start  " in capsys.readouterr().out
    for command in ([], ["append"], ["read"], ["tail"], ["query"]):
        assert main(["events", *command, "--help"]) == 0
    assert main(["--version"]) == 0
    assert "ranvier 0" in capsys.readouterr().out


def test_the_token_is_sent_and_the_address_may_lack_its_scheme(node: StubNode) -> None:
    node.will_answer(FIGURE)
    assert main(["metrics", "-S", node.url.removeprefix("http://") + "/", "-t", "sesame"]) == 0
    assert node.seen[0].headers["axoniq-access-token"] == "sesame"
    assert node.seen[0].path == "/actuator/metrics"


def test_proxies_of_the_environment_are_not_used(
    node: StubNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.will_answer(FIGURE)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert main(["metrics", "-S", node.url]) == 0


def test_https_is_checked_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, capsys: Captured
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with stub_node(tls) as node:
        node.will_answer(FIGURE)
        without_scheme = node.url.removeprefix("https://")
        assert main(["metrics", "-S", node.url]) == 3
        assert "CERTIFICATE_VERIFY_FAILED" in only_sentence(capsys)
        assert main(["metrics", "-S", node.url, "-i"]) == 0
        assert main(["metrics", "-S", without_scheme, "-s", "-i"]) == 0
        assert main(["metrics", "-S", f"http://{without_scheme}", "-s", "-i"]) == 0
        trusted = tmp_path_factory.mktemp("tls") / "authority.pem"
        authority.cert_pem.write_to_path(str(trusted))
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert main(["metrics", "-S", node.url]) == 0


def test_output_that_cannot_be_written_is_1(
    node: StubNode, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    node.will_answer(FIGURE)
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert main(["metrics", "-S", node.url]) == 1
    assert "cannot be written: No space left on device." in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_is_no_failure(node: StubNode) -> None:
    node.will_answer(
        event_stream(*({"token": token, "payload": "x" * 99} for token in range(9999)))
    )
    program = "import sys; from ranvier.cli.app import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "events", "read", "-S", node.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"0  xxx")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
