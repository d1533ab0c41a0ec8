"""A context comes over whole, from a node or a server that plays Axon's, even by instalments."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trustme

import ranvier
from examples.node_process import NodeProcess
from ranvier.cli import import_work
from ranvier.cli.app import main
from ranvier.client import EventMessage, Hub, Payload, Tag, TaggedEvent
from ranvier.proto import common_pb2, event_pb2
from tests.support.node_program import Said, running_node
from tests.support.played_axon_server import PlayedAxonServer, played
from tests.support.scale import scaled

AGGREGATE_EVENTS = 10


def program(*arguments: str) -> Said:
    """Run one command line in a thread of this process, which spares the start of another."""
    out, err = io.StringIO(), io.StringIO()
    with (
        ThreadPoolExecutor(max_workers=1) as threads,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = threads.submit(main, arguments).result(600)
    return Said(code, out.getvalue(), err.getvalue())


def import_into(node: NodeProcess, source: str, *options: str) -> Said:
    return program("events", "import", "--from", source, "-S", node.http_address, *options)


@contextmanager
def two_nodes(folder: Path, *flags: str) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    with running_node(folder / "a", *flags) as first, running_node(folder / "b", *flags) as second:
        yield first, second


async def fill(hub: Hub, count: int) -> None:
    """Append events of aggregates and of none, and snapshots of some aggregates."""
    for start in range(0, count, 1_000):
        events = []
        for number in range(start, min(count, start + 1_000)):
            payload = Payload("Happened", b"x" * (number % 300), "1")
            aggregate, sequence = divmod(number, AGGREGATE_EVENTS)
            if aggregate % 2:
                events.append(EventMessage(payload, {"number": number}))
            else:
                events.append(EventMessage(payload, {}, "Account", f"a-{aggregate}", sequence))
        await hub.events.append(events)
        state = Payload("Account", b"%d" % start)
        aggregate_id = f"a-{start // AGGREGATE_EVENTS}"
        for sequence in (2, 5):
            await hub.events.append_snapshot(
                EventMessage(state, {}, "Account", aggregate_id, sequence)
            )


async def all_events(hub: Hub) -> list[tuple[int | None, bytes]]:
    end = await hub.events.last_token() + 1
    async with asyncio.timeout(100), aclosing(hub.events.stream()) as stream:
        events = [await anext(stream) for _ in range(end)]
    return [(event.token, event.fingerprint()) for event in events]


@pytest.mark.soak
async def test_an_import_that_is_killed_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    count = scaled(1_000_000, suite=8_000)
    with two_nodes(tmp_path) as (first, second):
        async with (
            ranvier.connect(first.grpc_address) as source,
            ranvier.connect(second.grpc_address) as target,
        ):
            await fill(source, count)
            killed_at = [
                await kill_import_after(target, first, second, count // share) for share in (8, 2)
            ]
            assert 0 < killed_at[0] < count, "the first was killed in the middle of its work"
            reached = killed_at[-1]
            started = time.monotonic()
            said = import_into(second, first.grpc_address, "-o", "json")
            assert said.code == 0, said.err
            result = json.loads(said.out)
            seconds = time.monotonic() - started
            left = await all_events(source)
            assert await all_events(target) == left
            assert len(left) == count
            snapshots = [each.payload async for each in target.events.snapshots("a-0")]
            assert snapshots == [Payload("Account", b"0")]
        assert result["events"] == count
        assert result["copied"] <= count - reached
        assert result["snapshots"] == count // 1_000
        assert result["waiting"] == 0
        again = json.loads(import_into(second, first.grpc_address, "-o", "json").out)
        assert (again["copied"], again["digest"]) == (0, result["digest"])
    print(f"\nimport: {result['copied'] / seconds:,.0f} events/s copied, read again and compared")


async def kill_import_after(
    target: Hub, first: NodeProcess, second: NodeProcess, token: int
) -> int:
    """Start an import, kill -9 it once this token is there, and say how far the target got."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ranvier", "events", "import"),
        *("--from", first.grpc_address, "-S", second.http_address),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(100), aclosing(target.events.stream()) as stream:
            async for event in stream:
                if event.token == token:
                    break
    finally:
        child.kill()
        await child.wait()
    return await target.events.last_token() + 1


async def test_dcb_events_come_with_their_tags(tmp_path: Path) -> None:
    with two_nodes(tmp_path, "--default-context-dcb") as (first, second):
        async with ranvier.connect(first.grpc_address) as source:
            await source.dcb.append(
                TaggedEvent(
                    Payload("Enrolled", b"{}"), (Tag("course", f"c{n % 3}"), Tag("n", bytes([n])))
                )
                for n in range(200)
            )
            await source.dcb.append([TaggedEvent(Payload("Closed"))])
            await source.dcb.add_tags(0, Tag("late", "yes"))
        said = import_into(second, first.grpc_address, "-o", "json")
        assert said.code == 0, said.err
        assert json.loads(said.out)["events"] == 201
        async with ranvier.connect(second.grpc_address) as target:
            assert set(await target.dcb.tags(0)) == {
                Tag("course", "c0"),
                Tag("n", "\0"),
                Tag("late", "yes"),
            }
            assert await target.dcb.tags(200) == ()
            await target.dcb.add_tags(7, Tag("odd", "one"))
        said = import_into(second, first.grpc_address)
        assert said.code == 1
        assert "token 7" in said.err


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with running_node(tmp_path_factory.mktemp("import") / "data") as running:
        yield running


def new_context(node: NodeProcess, name: str) -> str:
    assert program("register-context", "-c", name, "-S", node.http_address).code == 0
    return name


async def test_an_axon_server_is_read_with_its_token_from_another_context(
    node: NodeProcess,
) -> None:
    server = PlayedAxonServer(access_token="open-sesame")
    server.add(2_500, "Account")
    server.snapshots["a-0"] = [snapshot("a-0", 4), snapshot("a-0", 2)]
    server.snapshots["a-1"] = [snapshot("a-1", 12), snapshot("a-1", 3)]
    context = new_context(node, "played")
    with played(server):
        options = ("-c", context, "--from-context", "orders", "--from-token", "open-sesame")
        said = import_into(node, server.address, *options)
        assert said.code == 0, said.err
        refused = import_into(node, server.address, *options[:-1], "sesame")
    assert "2,500 events" in said.out
    assert "2 snapshots" in said.out
    assert "Copying: 2,500 of 2,500 events" in said.err
    assert server.contexts == {"orders"}
    assert (refused.code, "AXONIQ-1000" in refused.err) == (1, True)
    async with ranvier.connect(node.grpc_address, context=context) as hub:
        events = [event async for event in hub.events.aggregate("a-3", snapshots=False)]
        assert [event.message for event in events] == [server.events[30 + n] for n in range(10)]
        newest = [each.sequence async for each in hub.events.snapshots("a-0")]
        # The one of a-1 that is ahead of its events has given way to the one before.
        other = [each.sequence async for each in hub.events.snapshots("a-1")]
    assert (newest, other) == ([4], [3])


def snapshot(aggregate: str, sequence: int) -> event_pb2.Event:
    return event_pb2.Event(
        aggregate_type="Account",
        aggregate_identifier=aggregate,
        aggregate_sequence_number=sequence,
        payload=common_pb2.SerializedObject(type="Account", data=b"%d" % sequence),
    )


def test_a_source_whose_oldest_events_are_gone_is_taken_only_with_other_tokens(
    node: NodeProcess,
) -> None:
    server = PlayedAxonServer(first=100)
    server.add(50)
    context = new_context(node, "shifted")
    with played(server):
        refused = import_into(node, server.address, "-c", context)
        assert refused.code == 1
        assert "begins with token 100" in refused.err
        assert "--shift-tokens" in refused.err
        said = import_into(node, server.address, "-c", context, "--shift-tokens")
        assert said.code == 0, said.err
        again = import_into(node, server.address, "-c", context, "--shift-tokens", "-o", "json")
    assert (json.loads(again.out)["events"], json.loads(again.out)["copied"]) == (50, 0)


def test_a_source_with_a_hole_in_its_tokens_is_refused(node: NodeProcess) -> None:
    server = PlayedAxonServer()
    server.add(30)
    del server.events[17]
    with played(server):
        said = import_into(node, server.address, "-c", new_context(node, "hole"))
    assert said.code == 1
    assert "no event with token 17" in said.err


async def test_a_target_that_holds_something_else_is_refused(node: NodeProcess) -> None:
    server = PlayedAxonServer()
    server.add(3)
    context = new_context(node, "other")
    async with ranvier.connect(node.grpc_address, context=context) as hub:
        await hub.events.append(EventMessage(Payload("Mine")))
        with played(server):
            said = import_into(node, server.address, "-c", context)
            assert (said.code, "holds something else" in said.err) == (1, True)
            await hub.events.append(EventMessage(Payload("Mine")) for _ in range(3))
            said = import_into(node, server.address, "-c", context)
            assert (said.code, "holds something else" in said.err) == (1, True)
        assert await hub.events.last_token() == 3


def test_what_cannot_be_reached_or_does_not_exist_is_a_sentence(
    node: NodeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "CONNECT_SECONDS", 0.2)
    said = import_into(node, "127.0.0.1:9", "-c", "nowhere")
    assert (said.code, "register-context -c nowhere" in said.err) == (1, True)
    said = import_into(node, "127.0.0.1:9")
    assert said.code == 3
    assert re.fullmatch(r"The source 127.0.0.1:9: .*; run the same again to go on\.\n", said.err)
    said = import_into(node, "127.0.0.1:port")
    assert (said.code, "write host:port" in said.err) == (2, True)


def test_both_sides_may_speak_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    trusted, certificate, key = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(trusted)
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(certificate)
    with two_nodes(tmp_path, "--tls-cert", str(certificate), "--tls-key", str(key)) as nodes:
        source, target = (f"localhost:{each.ready['grpc']}" for each in nodes)
        url = f"https://localhost:{nodes[1].ready['http']}"
        options = ("events", "import", "--from", source, "-S", url, "-i")
        said = program(*options, "--from-ca", str(trusted), "--ca", str(trusted))
        assert said.code == 0, said.err
        monkeypatch.setattr(import_work, "CONNECT_SECONDS", 0.5)
        untrusted = program(*options, "--from-ca", str(trusted))
        assert (untrusted.code, target in untrusted.err) == (3, True)


async def test_an_interrupted_import_says_how_to_go_on(tmp_path: Path) -> None:
    server = PlayedAxonServer()
    server.add(3)
    server.holds_back = True
    with running_node(tmp_path / "data") as node, played(server):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ranvier", "events", "import"),
            *("--from", server.address, "-S", node.http_address),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A suite that runs in the background ignores it, and its children would as well.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        assert child.stderr is not None
        assert await asyncio.wait_for(child.stderr.readline(), 20)
        child.send_signal(signal.SIGINT)
        _, told = await asyncio.wait_for(child.communicate(), 20)
    assert child.returncode == 1
    assert told.decode() == "Interrupted; run the same again to go on.\n"
