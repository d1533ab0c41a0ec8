"""The command line against a running node, as its help says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axonclient.client import AxonClient, AxonEvent

from examples.node_process import NodeProcess
from tests.support.node_database import SQLITE_ONLY
from tests.support.node_program import Said, is_one_sentence, ranvier, running_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    with running_node(tmp_path / "data") as started:
        yield started


def at(node: NodeProcess, *arguments: str) -> Said:
    return ranvier(*arguments, "-S", node.http_address)


def test_events_go_in_and_come_out(node: NodeProcess) -> None:
    for sequence in (0, 1):
        said = at(
            node,
            *("events", "append", "--type", "Deposited", "--data", f"{sequence} cents"),
            *("--aggregate", "Account/acc-1", "--sequence", str(sequence)),
        )
        assert said.code == 0, said.err
    said = at(node, "events", "read", "-o", "json")
    assert said.code == 0, said.err
    events = json.loads(said.out)
    assert [(event["token"], event["payload"]) for event in events] == [
        (0, "0 cents"),
        (1, "1 cents"),
    ]
    client = AxonClient(node.grpc_address)
    [first, second] = client.list_aggregate_events("acc-1", 0, allow_snapshots=False)
    client.close_connection()
    assert (first.payload_type, second.payload_data) == ("Deposited", b"1 cents")


def test_a_refusal_is_one_sentence_with_the_code(node: NodeProcess) -> None:
    said = at(
        node,
        *("events", "append", "--type", "Deposited", "--data", "x"),
        *("--aggregate", "Account/acc-2", "--sequence", "7"),
    )
    assert said.code == 1
    assert "AXONIQ-2000" in said.err
    assert "expected 0" in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_tail_shows_what_comes_while_it_runs(node: NodeProcess) -> None:
    client = AxonClient(node.grpc_address)
    client.append_event(AxonEvent("before", 0, "T", payload_type="Old"))
    tail = subprocess.Popen(
        [
            *(sys.executable, "-m", "ranvier", "events", "tail", "--from", "1", "-o", "json"),
            *("-S", node.http_address),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        client.append_event(AxonEvent("after", 0, "T", payload_type="New", payload_data=b"hello"))
        assert tail.stdout is not None
        event = json.loads(tail.stdout.readline())
    finally:
        tail.terminate()
        tail.communicate(timeout=60)
        client.close_connection()
    assert (event["token"], event["payloadType"], event["payload"]) == (1, "New", "hello")


def test_no_answer_from_the_node_is_exit_code_3(tmp_path: Path) -> None:
    said = ranvier("events", "read", "-S", "http://127.0.0.1:9", directory=tmp_path)
    assert said.code == 3
    assert "Traceback" not in said.err


def test_metrics_count_what_was_appended(node: NodeProcess) -> None:
    client = AxonClient(node.grpc_address)
    client.append_event([AxonEvent("m", n, "T", payload_type="P") for n in range(3)])
    client.list_aggregate_events("m", 0, allow_snapshots=False)
    client.list_events()
    client.close_connection()
    said = at(node, "metrics", "-o", "json")
    assert said.code == 0, said.err
    assert "axon.events.append.throughput.count" in said.out
    text = at(node, "metrics").out
    for name, count in (
        ("axon.events.append.throughput.count", 3),
        ("axon.events.read.aggregate.throughput.count", 1),
        ("ranvier.events.sent.count", 3),
        ("axon.event.lastToken", 2),
    ):
        [line] = [row for row in text.splitlines() if row.startswith(name)]
        assert float(line.split()[-1]) == count, line


def test_a_search_is_a_table_and_a_bad_one_shows_the_place(node: NodeProcess) -> None:
    for number in range(3):
        at(node, "events", "append", "--type", f"T{number % 2}", "--data", f'{{"n": {number}}}')
    text = 'groupby(payloadType, sum(jsonpath(payloadData, "$.n")) as n) | sortby(n desc)'
    said = at(node, "events", "query", text)
    assert (said.code, said.err) == (0, "")
    assert [line.split() for line in said.out.splitlines()] == [
        ["payloadType", "n"],
        ["-" * 11, "-"],
        ["T0", "2"],
        ["T1", "1"],
    ]
    bad = at(node, "events", "query", "token = 1 | grouby(token)")
    assert bad.code == 1
    assert "AXONIQ-2511" in bad.err
    assert bad.err.splitlines()[-1] == " " * 14 + "^"


def test_check_makes_no_database_where_there_is_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for directory in (empty, tmp_path / "mistyped", Path("/proc/nope")):
        said = ranvier("database", "check", "--data", str(directory))
        assert (said.code, said.out) == (1, "")
        assert is_one_sentence(said.err), said.err
        assert str(directory) in said.err
    assert list(tmp_path.rglob("*")) == [empty]


def test_check_does_not_make_a_database_of_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "ranvier.db"
    file.touch()
    said = ranvier("database", "check", "--data", str(tmp_path))
    assert said.code == 1
    assert "Traceback" not in said.err
    assert file.stat().st_size == 0
    assert not (tmp_path / "ranvier.lock").exists()


def test_output_that_cannot_be_written_ends_a_start_in_a_sentence(tmp_path: Path) -> None:
    ports = ("--http-port", "0", "--grpc-port", "0", "--internal-port", "0")
    with open("/dev/full", "w", encoding="utf-8") as full:
        started = subprocess.run(
            [
                *(sys.executable, "-m", "ranvier", "start", *ports),
                *("--data", str(tmp_path / "data"), "--log-level", "error"),
            ],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (started.returncode, started.stderr) == (1, "ranvier: No space left on device.\n")


@SQLITE_ONLY
def test_check_finds_a_sound_database_sound_and_a_damaged_one_damaged(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_node(data) as node:
        client = AxonClient(node.grpc_address)
        for number in range(20):
            client.append_event(AxonEvent(f"a-{number}", 0, "T", payload_data=b"x" * 2_000))
        client.close_connection()
        in_use = ranvier("database", "check", "--data", str(data))
        assert in_use.code == 0, in_use.out + in_use.err
    sound = ranvier("database", "check", "--data", str(data))
    assert sound.code == 0, sound.out + sound.err
    [file] = data.glob("*.db")
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_096] = b"\xa5" * 4_096
    file.write_bytes(content)
    damaged = ranvier("database", "check", "--data", str(data), "-o", "json")
    assert damaged.code == 1
    assert "Traceback" not in damaged.err
