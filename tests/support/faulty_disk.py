"""A disk that can be told to be full or to fail, between SQLite and the real one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import apsw

Trouble = Callable[[str], None]
"""Raises for a file name (its last letters tell the log from the database) or lets it pass."""


class FaultyDisk(apsw.VFS):
    """Every database opened while it is in place goes through it."""

    def __init__(self) -> None:
        self.on_write: Trouble = _no_trouble
        self.on_sync: Trouble = _no_trouble
        self.writes = 0
        self.beneath = apsw.vfs_names()[0]
        super().__init__("faulty-disk", self.beneath, makedefault=True)

    def xOpen(  # noqa: N802  # the name that SQLite's interface has
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return _FaultyFile(self, name, flags)

    def be_full(self) -> None:
        """Let no write pass."""
        self.on_write = _full

    def fill_after(self, writes: int) -> None:
        """Let some more writes pass, then none."""
        last = self.writes + writes

        def full_then(name: str) -> None:
            if self.writes > last:
                _full(name)

        self.on_write = full_then

    def fail_to_sync(self) -> None:
        """Let no sync of the log pass: a commit's end is not known then."""

        def fail(name: str) -> None:
            if name.endswith("-wal"):
                raise apsw.IOError("the disk does not answer")

        self.on_sync = fail

    def recover(self) -> None:
        """Be a good disk again."""
        self.on_write = self.on_sync = _no_trouble


class _FaultyFile(apsw.VFSFile):
    def __init__(
        self, disk: FaultyDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        super().__init__(disk.beneath, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.writes += 1
        self._disk.on_write(self._name)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.on_sync(self._name)
        super().xSync(flags)


@contextlib.contextmanager
def faulty_disk() -> Iterator[FaultyDisk]:
    """Put a faulty disk, which is in order as yet, under every database opened meanwhile."""
    disk = FaultyDisk()
    try:
        yield disk
    finally:
        disk.unregister()


def _no_trouble(_name: str) -> None:
    pass


def _full(_name: str) -> None:
    raise apsw.FullError("no space left")
