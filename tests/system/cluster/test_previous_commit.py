"""Nodes of the last commit beside those of this one, as in a rolling upgrade."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import os
import subprocess
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import ranvier
from ranvier.client import EventMessage
from ranvier.client.connect import ConnectOptions
from ranvier.client.errors import NoCommandHandler, NoQueryHandler
from tests.support.cluster import cluster
from tests.support.cluster_load import pause

ROOT = Path(__file__).parents[3]
PREVIOUS = "HEAD~1"
HEARSAY_SECONDS_MAX = 60.0
"""Bounds a failure."""

HERE = ConnectOptions(is_direct=True)
"""Stays with the node named: who is asked and who answers is what matters here."""


def previous_source(target: Path) -> Path:
    """Unpack the last commit, with its messages compiled; skip the test where there is none."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git repository: there is no last commit to start a node of")
    archived = subprocess.run(
        ["git", "-C", ROOT, "archive", PREVIOUS], capture_output=True, check=False
    )
    if archived.returncode:
        pytest.skip(f"the clone has no {PREVIOUS}: {archived.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as files:
        files.extractall(target, filter="data")
    compile_messages(target)
    return target / "src"


def compile_messages(root: Path) -> None:
    """Run the build step of that commit that makes modules of its messages."""
    described = importlib.util.spec_from_file_location("previous_build", root / "hatch_build.py")
    assert described is not None
    assert described.loader is not None
    build = importlib.util.module_from_spec(described)
    described.loader.exec_module(build)
    build.compile_protos(root / "proto", root / "src/ranvier/proto")


async def eventually(ask: Callable[..., Awaitable[Any]], name: str, value: int) -> Any:
    """Return the answer, once the node asked has heard of the handler at the other one."""
    async with asyncio.timeout(HEARSAY_SECONDS_MAX):
        while True:
            try:
                return await ask(name, value)
            except (NoCommandHandler, NoQueryHandler):
                await pause()


async def test_commands_queries_and_events_cross_between_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = previous_source(tmp_path / "previous")
    with cluster(tmp_path) as nodes:
        with monkeypatch.context() as before:
            # The old one first: this commit's lays out its tables beside a node that runs.
            before.setenv("PYTHONPATH", f"{source}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
            old = nodes.start("old")
        new = nodes.start("new")
        nodes.until_all_see("running", "old", "new")
        async with (
            ranvier.connect(old.grpc_address, **HERE) as at_old,
            ranvier.connect(new.grpc_address, **HERE) as at_new,
        ):
            for name, hub, other in (("o", at_old, at_new), ("n", at_new, at_old)):
                hub.commands.handler(f"double-{name}")(lambda number: number * 2)
                hub.queries.handler(f"half-{name}")(lambda number: number // 2)
                await hub.commands.ready()
                await hub.queries.ready()
                await other.events.append(EventMessage({"by": name}))
            for name, other in (("o", at_new), ("n", at_old)):
                assert await eventually(other.commands.send, f"double-{name}", 21) == 42
                assert await eventually(other.queries.ask, f"half-{name}", 42) == 21
                assert await other.events.last_token() == 1
        assert old.stop() == 0
        assert new.is_running
