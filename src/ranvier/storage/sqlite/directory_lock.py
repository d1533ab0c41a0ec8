"""One process at a time may use a data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ranvier.storage.errors import DataDirectoryInUse

LOCK_FILE = "ranvier.lock"


class DirectoryLock:
    """Holds a data directory from `acquire` to `release`, or to the end of the process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the directory; raises `DataDirectoryInUse` at once if somebody has it."""
        path = self._directory / LOCK_FILE
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            process = f"process {holder}" if holder else "another process"
            raise DataDirectoryInUse(self._directory, process) from None
        self._descriptor = descriptor
        self._sign(descriptor)

    @property
    def place(self) -> tuple[int, int] | None:
        """Device and number of the locked file; None while nothing is locked."""
        if self._descriptor is None:
            return None
        found = os.fstat(self._descriptor)
        return found.st_dev, found.st_ino

    def release(self) -> None:
        """Let others have the directory; the file stays, only the lock on it counts."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _sign(self, descriptor: int) -> None:
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            # On a full disk the lock holds all the same; only the holder's number is missing.
            return
