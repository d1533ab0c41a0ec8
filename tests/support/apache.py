"""Apache httpd in the foreground on loopback, with a configuration of the test's own.

Nothing of the system's own configuration is read; all it writes lies in the directory it is given.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from examples.free_port import free_port

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.05
GOES_ON: Final = "resuming normal operations"
"""What httpd writes to its log after each start and reload."""

MODULE_DIRECTORIES: Final = (
    Path("/usr/lib/apache2/modules"),
    Path("/usr/lib64/httpd/modules"),
    Path("/usr/lib/httpd/modules"),
)
ALWAYS_LOADED: Final = ("mpm_event", "authz_core", "authz_host")

MOD_JK: Final = ("jk",)
MOD_PROXY_AJP: Final = ("proxy", "proxy_ajp")
MOD_PROXY_BALANCER: Final = (
    "proxy",
    "proxy_ajp",
    "proxy_http",
    "proxy_balancer",
    "proxy_hcheck",
    "slotmem_shm",
    "lbmethod_byrequests",
)
"""What `running_apache` is asked to load for each kind of balancer."""


class Apache:
    """A running httpd; `port` answers on 127.0.0.1, `directory` holds its files and logs."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients ask."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that it has written to its logs, for the message of a failure."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')}"
            for path in sorted(self.directory.glob("*.log"))
        )

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        started = self._times_started()
        with (self.directory / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [*ending_with_this_process(), program(), "-f", self._configuration, "-DFOREGROUND"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._wait_for_start(times=1 + started)

    def reload(self) -> None:
        """Have it read its files again without a failed request; return when it has."""
        started = self._times_started()
        if self._process is not None:
            self._process.send_signal(signal.SIGUSR1)
            self._wait_for_start(times=1 + started)

    def _wait_for_start(self, times: int) -> None:
        """Wait until its log says that it goes on; only from then on it knows signals."""
        process = self._process
        for _ in range(int(START_SECONDS / POLL_SECONDS)):
            if self._times_started() >= times and takes_connections(self.port):
                return
            # The pause between two looks; it ends early where the program does.
            with suppress(subprocess.TimeoutExpired):
                if process is not None:
                    process.wait(POLL_SECONDS)
                break
        self.stop()
        raise RuntimeError(f"httpd does not answer:\n{self.log}")

    def _times_started(self) -> int:
        log = self.directory / "error.log"
        return log.read_text(errors="replace").count(GOES_ON) if log.exists() else 0

    def restart(self) -> None:
        """End it and start it again at the same port."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it with all its children."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @property
    def _configuration(self) -> str:
        return str(self.directory / "httpd.conf")


@contextmanager
def running_apache(
    directory: Path, configuration: str, modules: Sequence[str] = ()
) -> Iterator[Apache]:
    """Run httpd with this text for the length of a block; skip the test where it is not installed.

    The text comes after what every httpd needs: port, scratch files, `ALWAYS_LOADED` and `modules`
    (names as in `LoadModule`, without `_module`). `{directory}` in it stands for `directory`.
    """
    need_apache(*modules)
    apache = Apache(directory, free_port())
    directory.mkdir(parents=True, exist_ok=True)
    text = framed(apache, modules) + configuration.replace("{directory}", str(directory))
    (directory / "httpd.conf").write_text(text)
    apache.start()
    try:
        yield apache
    finally:
        apache.stop()


def framed(apache: Apache, modules: Sequence[str]) -> str:
    """Return the lines that every httpd of the tests begins with."""
    lines = [
        f"ServerRoot {module_directory().parent}",
        "ServerName localhost",
        f"Listen 127.0.0.1:{apache.port}",
        f"PidFile {apache.directory}/httpd.pid",
        f"DefaultRuntimeDir {apache.directory}",
        "User www-data",
        "Group www-data",
        f"ErrorLog {apache.directory}/error.log",
        f"DocumentRoot {apache.directory}",
        "GracefulShutdownTimeout 2",
    ]
    lines += [
        f"LoadModule {name}_module {module_directory()}/mod_{name}.so"
        for name in (*ALWAYS_LOADED, *modules)
    ]
    return "\n".join([*lines, ""])


def need_apache(*modules: str) -> None:
    """Skip the test, by name, where httpd or one of these modules is missing."""
    if not program():
        pytest.skip("Apache httpd is not installed (Debian's apache2)")
    for name in modules:
        if not (module_directory() / f"mod_{name}.so").is_file():
            pytest.skip(f"Apache's mod_{name} is not installed (mod_jk: libapache2-mod-jk)")


def program() -> str:
    """Return the path of httpd, or nothing."""
    return next((found for name in ("apache2", "httpd") if (found := shutil.which(name))), "")


def module_directory() -> Path:
    """Return where httpd's modules lie."""
    found = [each for each in MODULE_DIRECTORIES if each.is_dir()]
    return found[0] if found else MODULE_DIRECTORIES[0]


def ending_with_this_process() -> list[str]:
    """Return what lets a program end with the tests, however those end."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "TERM", "--"] if found else []


def takes_connections(port: int) -> bool:
    """Tell whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
