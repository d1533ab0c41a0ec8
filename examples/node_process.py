"""Starts a Ranvier node as a child process, as an operator would, and stops or kills it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

END_SECONDS = 60
"""Bounds a failure: a node that is told to stop ends long before."""


class NodeProcess:
    """One node on ports of its own choosing; `ready` holds its ready line."""

    host = "127.0.0.1"
    """Where it is reached from here."""

    def __init__(
        self,
        data: Path,
        *flags: str,
        log: Path | None = None,
        directory: Path | None = None,
        under: Sequence[str] = (),
    ) -> None:
        """`directory` is the working directory, where configuration files are looked for.

        A flag of a port takes the place of the free port that it would get. `under` is a command
        that becomes the node in the end, such as one that enters another network first.
        """
        log = log or data.with_name(f"{data.name}.log")
        node_command = (sys.executable, "-m", "ranvier", "start", *free_ports())
        started = time.monotonic()
        with log.open("ab") as log_file:
            self._child = subprocess.Popen(
                [*under, *node_command, "--data", str(data), *flags],
                stdout=subprocess.PIPE,
                stderr=log_file,
                cwd=directory,
            )
        line = cast("IO[bytes]", self._child.stdout).readline()
        if not line:
            self._end()
            last = log.read_text(errors="replace").rstrip().rpartition("\n")[2]
            raise RuntimeError(f"the node did not start; its log {log} ends with: {last}")
        self.ready: dict[str, object] = json.loads(line)
        self.seconds_to_ready = time.monotonic() - started

    @property
    def process_id(self) -> int:
        """The operating system's number of the node."""
        return self._child.pid

    @property
    def grpc_address(self) -> str:
        """Where Axon clients connect."""
        return f"{self.host}:{self.ready['grpc']}"

    @property
    def http_address(self) -> str:
        """Where the node's pages and its REST API are."""
        return f"http://{self.host}:{self.ready['http']}"

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, nothing is finished or flushed."""
        self._child.send_signal(signal.SIGKILL)
        self._end()

    def freeze(self) -> None:
        """Let it stand still as a stopped machine does: its connections stay open."""
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it was frozen."""
        self._child.send_signal(signal.SIGCONT)

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._child.poll() is None

    def stop(self) -> int:
        """Ask it to finish; return its exit code."""
        self._child.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        code = self._child.wait(timeout=END_SECONDS)
        cast("IO[bytes]", self._child.stdout).close()
        return code


def free_ports() -> list[str]:
    """Flags that let the operating system choose every port."""
    return ["--http-port", "0", "--grpc-port", "0", "--internal-port", "0"]
