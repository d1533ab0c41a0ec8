"""A server under measurement: a process of its own, pinned, its CPU read from the system."""

from __future__ import annotations

import os
import subprocess
import sys
from types import TracebackType
from typing import Self

import psutil

SERVER_CORE = 0
LOAD_CORE = 1


class ServerProcess:
    """Runs `python -m module arguments…`, which prints its port on the first line."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        pin(self._process.pid, SERVER_CORE)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.strip().isdigit():
            raise RuntimeError(f"{' '.join(self._command)} printed {line!r}, not its port")
        self.port = int(line)
        self._system_view = psutil.Process(self._process.pid)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def cpu_seconds(self) -> float:
        """Return the user and system time that the process has used, all threads."""
        times = self._system_view.cpu_times()
        return times.user + times.system

    def memory_bytes(self) -> int:
        """Return the resident memory of the process."""
        return self._system_view.memory_info().rss


def pin(process_id: int, core: int) -> None:
    """Keep a process on one core, where the system allows it and there are two."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > core > -1:
        available = sorted(os.sched_getaffinity(0))
        if len(available) > 1:
            os.sched_setaffinity(process_id, {available[core]})
