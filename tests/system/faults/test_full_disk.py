"""A full disk in the middle of appends: they are refused, reads go on, nothing is torn."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from axonclient.client import AxonClient

from examples.node_process import NodeProcess
from tests.support.transactions import Notes, check_log, transaction
from tests.support.whole_log import read_whole_log

DISK_BYTES = 24 * 1024 * 1024
BALLAST_BYTES = 4 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("a small file system can only be mounted by root")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"mount was refused: {done.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def append_until_refused(client: AxonClient, notes: Notes, name: str) -> grpc.RpcError:
    for number in range(1_000_000):
        aggregate = f"{name}-{number}"
        try:
            client.append_event(list(transaction(aggregate)))
        except grpc.RpcError as error:
            notes.unknown.append(aggregate)
            return error
        notes.acknowledge(aggregate)
    raise AssertionError("the disk never filled up")


def test_a_full_disk_refuses_appends_and_goes_on_reading(small_disk: Path, tmp_path: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * BALLAST_BYTES)
    notes = Notes()
    node = NodeProcess(small_disk / "data", log=tmp_path / "node.log")
    port = int(str(node.ready["grpc"]))
    client = AxonClient(node.grpc_address)
    refusal = append_until_refused(client, notes, "full")
    assert refusal.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "Traceback" not in (refusal.details() or "")
    assert len(notes.acknowledged) > 100
    check_log(read_whole_log(port), notes)
    ballast.unlink()
    client.append_event(list(transaction("after-space-came-back")))
    notes.acknowledge("after-space-came-back")
    check_log(read_whole_log(port), notes)
    client.close_connection()
    assert node.stop() == 0
    again = NodeProcess(small_disk / "data", log=tmp_path / "node.log")
    check_log(read_whole_log(int(str(again.ready["grpc"]))), notes)
    assert again.stop() == 0
