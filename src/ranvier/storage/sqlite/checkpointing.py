"""Brings the write-ahead log home, so that it stays short and no commit waits for it."""

from __future__ import annotations

from contextlib import suppress

import apsw

from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.workers import Workers
from ranvier.storage.sqlite.writer import Writer

_OVERLONG = 4
"""Lengths of an ordinary round after which the log's end is waited for."""


class Checkpointing:
    """Copies the log into the database on a thread of its own, and finishes on the writer's.

    While the copy is made, commits go on and the log grows. Only when all of it is copied and
    nobody writes can it start from its beginning again, hence the short second part.
    """

    def __init__(self, options: SqliteOptions) -> None:
        self._options = options
        self._threads: tuple[Workers[apsw.Connection], Workers[Writer]] | None = None
        self._pages = 0
        self._under_way = False

    def use(self, checkpointers: Workers[apsw.Connection], writers: Workers[Writer]) -> None:
        """Say which threads do the two parts."""
        self._threads = (checkpointers, writers)

    def committed(self, pages: int) -> None:
        """Take note of the pages of a commit; called on the writer thread."""
        self._pages += pages
        if self._pages < self._options.checkpoint_pages or self._under_way or not self._threads:
            return
        self._under_way = True
        self._threads[0].post_unless_stopped(self._copy)

    def _copy(self, connection: apsw.Connection) -> None:
        # On a full disk, say, it fails: the log keeps everything, and the next commit asks again.
        with suppress(apsw.Error):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        if self._threads:
            self._threads[1].post_unless_stopped(self._finish)

    def _finish(self, writer: Writer) -> None:
        self._under_way = False
        if not writer.ready:
            return
        try:
            length, copied = writer.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if length == copied:
                self._pages = 0
            if length > _OVERLONG * self._options.checkpoint_pages:
                # Readers have overlapped for so long that the log never got its turn.
                writer.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
        except apsw.Error:
            return
