"""The directory that holds what belongs to one node alone, first of all who it is."""

from __future__ import annotations

from ranvier.config.settings import Settings
from ranvier.storage.sqlite.directory_lock import DirectoryLock


class DataDirectory:
    """Held by one node at a time, whatever database that works with."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.data
        holds_itself = (
            settings.database.dsn is None
            and settings.database_directory.resolve() == settings.data.resolve()
        )
        self._lock = None if holds_itself else DirectoryLock(settings.data)

    @property
    def lock_place(self) -> tuple[int, int] | None:
        """Device and number of the file that is locked here; None while there is none."""
        return None if self._lock is None else self._lock.place

    def acquire(self) -> None:
        """Make the directory if there is none, and take it.

        Raises `DataDirectoryInUse` at once if another node has it, and `OSError`.
        """
        if self._lock is not None:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()

    def release(self) -> None:
        """Let another node have it; releasing twice is allowed."""
        if self._lock is not None:
            self._lock.release()
