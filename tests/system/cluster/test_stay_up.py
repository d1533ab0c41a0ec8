"""`make cluster`: says where its nodes are, starts a killed one again, and ends cleanly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import psutil

WAIT_SECONDS = 60


def test_a_killed_node_comes_back_and_control_c_ends_everything() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "examples.stay_up"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        told = []
        for line in program.stdout:
            told.append(line)
            found = re.search(r"kill -9 (\d+)", line)
            if found:
                os.kill(int(found[1]), signal.SIGKILL)
            if "is back as process" in line:
                break
        children = psutil.Process(program.pid).children(recursive=True)
        assert len(children) > 3
        program.send_signal(signal.SIGINT)
        rest, _ = program.communicate(timeout=WAIT_SECONDS)
    finally:
        program.kill()
    assert program.returncode == 0
    assert "have ended" in rest
    assert "Sign-in:" in "".join(told)
    assert not psutil.wait_procs(children, timeout=WAIT_SECONDS)[1]
