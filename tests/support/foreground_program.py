"""Foreign servers for tests: in the foreground, on a free port of loopback, with a scratch folder.

They end with the test, and with the process of the tests however that ends.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from examples.free_port import free_port

START_SECONDS: Final = 30.0
"""Bounds a failure; such programs start within a second."""
ATTEMPTS: Final = 5
"""A port that was free may be taken by another program before it is listened on."""
LOOK_SECONDS: Final = 0.02


@dataclass(slots=True)
class ForegroundProgram:
    """A server that runs and has answered."""

    port: int
    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it is reached by HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """Return what it has printed so far."""
        return (self.directory / "printed.log").read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it, as for a reload."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """End it, by force if it does not want to."""
        self.process.terminate()
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def foreground_program(
    command_for: Callable[[Path, int], Sequence[str]],
    environment: Mapping[str, str] | None = None,
) -> Iterator[ForegroundProgram]:
    """Run a program and wait until it listens; the command is made for a folder and a port."""
    with tempfile.TemporaryDirectory(prefix="balancer-") as folder:
        program = _start(command_for, Path(folder), environment)
        try:
            yield program
        finally:
            program.stop()


def _start(
    command_for: Callable[[Path, int], Sequence[str]],
    folder: Path,
    environment: Mapping[str, str] | None,
) -> ForegroundProgram:
    for _ in range(ATTEMPTS):
        port = free_port()
        command = [*_ending_with_this_process(), *command_for(folder, port)]
        with (folder / "printed.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        program = ForegroundProgram(port, folder, process)
        if _listens(program):
            return program
        program.stop()
    raise AssertionError(f"{command[0]} does not start:\n{program.log()}")


def _ending_with_this_process() -> list[str]:
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "TERM", "--"] if program else []


def _listens(program: ForegroundProgram) -> bool:
    """Wait until it takes a connection; false where it has ended instead."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.process.wait(LOOK_SECONDS)
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", program.port), 1):
            return True
    return False
