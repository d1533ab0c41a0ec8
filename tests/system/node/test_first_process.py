"""A node as the first process of a container: signals reach it, and it ends in good order."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

END_SECONDS = 60


def unshare() -> list[str]:
    """Return what makes a program the first process; skip the test where that is not allowed."""
    program = shutil.which("unshare")
    command = [program or "", "--pid", "--fork", "--kill-child"]
    if program is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("namespaces of processes cannot be made here")
    return command


def test_the_first_process_ends_by_a_signal(tmp_path: Path) -> None:
    ports = [f"--{name}-port=0" for name in ("http", "grpc", "internal")]
    command = [*unshare(), sys.executable, "-m", "ranvier", "start", f"--data={tmp_path}", *ports]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as outside,
    ):
        try:
            assert outside.stdout is not None
            assert json.loads(outside.stdout.readline())["event"] == "ready"
            (node,) = psutil.Process(outside.pid).children()
            os.kill(node.pid, signal.SIGTERM)
            assert outside.wait(END_SECONDS) == 0, (tmp_path / "log").read_text()
        finally:
            outside.kill()
