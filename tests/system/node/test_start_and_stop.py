"""A node as a process: its ready line, what it refuses to start on, and how it stops."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path

import apsw
import grpc
import pytest
from axonclient.client import AxonClient

from ranvier import connect
from ranvier.client import HandlingSettings
from ranvier.client.errors import ConnectionLost, OutcomeUnknown
from ranvier.services.dispatch_commands import FAREWELL_SECONDS
from ranvier.services.dispatch_queries import DRAIN_SECONDS
from tests.support.node_database import SQLITE_ONLY, node_process
from tests.support.node_program import is_one_sentence, ranvier, running_node
from tests.support.transactions import Notes, check_log, start_writers, transaction
from tests.support.whole_log import read_whole_log

STOP_SECONDS = 20.0
"""A bound of a loaded machine."""
ANY_PORTS = ("--http-port", "0", "--grpc-port", "0", "--internal-port", "0")


def test_the_ready_line_names_the_node_and_every_port(tmp_path: Path) -> None:
    with running_node(tmp_path / "data", "--name", "messaging1") as node:
        assert list(node.ready) == ["event", "name", "http", "grpc", "internal", "ajp"]
        assert node.ready["event"] == "ready"
        assert node.ready["name"] == "messaging1"
        assert node.ready["ajp"] is None
        for port in ("http", "grpc", "internal"):
            with socket.create_connection(("127.0.0.1", int(str(node.ready[port]))), timeout=5):
                pass


def test_a_second_node_on_the_same_data_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with running_node(tmp_path / "data") as node:
        said = ranvier("start", *ANY_PORTS, "--data", str(tmp_path / "data"))
        assert said.code == 1
        assert said.out == ""
        assert is_one_sentence(said.err), said.err
        client = AxonClient(node.grpc_address)
        client.append_event(list(transaction("still-works")))
        client.close_connection()


@SQLITE_ONLY
def test_a_database_from_a_newer_version_is_refused_and_untouched(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_node(data):
        pass
    [file] = data.glob("*.db")
    connection = apsw.Connection(str(file))
    connection.execute("INSERT INTO migration SELECT 9999, 'later', 'unknown', 0").fetchall()
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    before = file.read_bytes()
    said = ranvier("start", *ANY_PORTS, "--data", str(data))
    assert said.code == 1
    assert is_one_sentence(said.err), said.err
    assert "newer" in said.err
    assert file.read_bytes() == before


def test_a_port_in_use_is_named_with_its_key(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = ranvier(
            "start",
            *("--http-port", "0", "--internal-port", "0", "--grpc-port", port),
            *("--data", str(tmp_path / "data"), "--log-level", "error"),
        )
    assert said.code == 1
    assert is_one_sentence(said.err), said.err
    assert "grpc_port" in said.err
    assert port in said.err


@pytest.mark.parametrize(
    ("flags", "code", "word"),
    [
        (("--grpc-port", "many"), 2, "grpc_port"),
        (("--grpc-prot", "1"), 2, "--grpc-port"),
        (("--bind", "0.0.0.0"), 1, "insecure"),
        (("--processes", "3"), 1, "--processes"),
        (("--database", "mysql://db/ranvier"), 2, "database"),
    ],
)
def test_what_it_cannot_start_with_is_said_in_a_sentence(
    flags: tuple[str, ...], code: int, word: str, tmp_path: Path
) -> None:
    said = ranvier("start", *flags, "--data", str(tmp_path / "data"))
    assert said.code == code, said.err
    assert is_one_sentence(said.err), said.err
    assert word in said.err
    assert not (tmp_path / "data").exists()


def test_a_directory_that_cannot_be_made_is_a_sentence() -> None:
    said = ranvier("start", *ANY_PORTS, "--data", "/proc/nowhere", "--log-level", "error")
    assert said.code == 1
    assert is_one_sentence(said.err), said.err


def test_asked_to_stop_it_finishes_what_runs_and_keeps_what_it_acknowledged(
    tmp_path: Path,
) -> None:
    node = node_process(tmp_path / "data")
    notes = Notes()
    notes.want(200)
    writers = start_writers(node.grpc_address, notes, ("a", "b", "c", "d"))
    follower = start_follower(node.grpc_address)
    assert notes.reached.wait(timeout=60)
    before = time.monotonic()
    assert node.stop() == 0
    assert time.monotonic() - before <= STOP_SECONDS
    for thread in (*writers, follower):
        thread.join(timeout=30)
        assert not thread.is_alive()
    with running_node(tmp_path / "data") as again:
        check_log(read_whole_log(int(str(again.ready["grpc"]))), notes)


async def test_handlers_of_commands_and_of_queries_get_the_same_moment_at_the_end(
    tmp_path: Path,
) -> None:
    node = node_process(tmp_path / "data")
    working: asyncio.Queue[str] = asyncio.Queue()

    async def work() -> None:
        await working.put("on it")
        await asyncio.Event().wait()

    handling = HandlingSettings(grace_seconds=0.01)
    # The query, which changes nothing, is asked again for so long; nobody is there to answer it.
    async with connect(node.grpc_address, handling=handling, connect_timeout_seconds=2) as hub:
        hub.commands.handler("work")(work)
        hub.queries.handler("work")(work)
        await hub.commands.ready()
        await hub.queries.ready()
        asked = [
            asyncio.ensure_future(hub.commands.send("work")),
            asyncio.ensure_future(hub.queries.ask("work")),
        ]
        for _ in asked:
            await working.get()
        before = time.monotonic()
        assert await asyncio.to_thread(node.stop) == 0
        assert time.monotonic() - before < FAREWELL_SECONDS + DRAIN_SECONDS
        ends = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(end) for end in ends] == [OutcomeUnknown, ConnectionLost], ends


def start_follower(address: str) -> threading.Thread:
    """A reader at the head for as long as the node lives."""

    def follow() -> None:
        client = AxonClient(address)
        try:
            for _ in client.iter_events():
                pass
        except grpc.RpcError:
            return
        finally:
            client.close_connection()

    thread = threading.Thread(target=follow)
    thread.start()
    return thread


def test_logs_are_lines_of_json_with_the_name_of_the_node(tmp_path: Path) -> None:
    with running_node(tmp_path / "data", "--name", "n1", "--log-format", "json"):
        pass
    lines = [json.loads(line) for line in (tmp_path / "data.log").read_text().splitlines()]
    assert [line["action"] for line in lines] == ["node.ready", "node.stopping", "node.stopped"]
    assert {line["node"] for line in lines} == {"n1"}
