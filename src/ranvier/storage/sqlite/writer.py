"""The one thread that writes: transactions that end whole, and what follows when they cannot."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw

from ranvier.storage.errors import StorageError, StorageFull, StorageUnavailable
from ranvier.storage.sqlite.connections import close_quietly, open_writer
from ranvier.storage.sqlite.errors import CommitUnknown, Poisoned
from ranvier.storage.sqlite.failures import FAILURES, POISON, storage_error_of
from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.statements import fetch_all

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class WriterHooks:
    """What others want to know of the writer; all are called on its thread."""

    committed: Callable[[int], None]
    """After each commit, with the number of pages that it wrote."""
    lost: Callable[[], None]
    """After a failed commit or roll-back has closed the connection."""
    opened_anew: Callable[[apsw.Connection], None]
    """When writing is possible again."""


class Writer:
    """Holds the writing connection; used by the writer thread alone, but for `ready`."""

    def __init__(self, path: Path, options: SqliteOptions, hooks: WriterHooks) -> None:
        self._path = path
        self._options = options
        self._hooks = hooks
        self._connection: apsw.Connection | None = None
        self._next_attempt_at = 0.0

    @property
    def ready(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return self._connection is not None

    @property
    def connection(self) -> apsw.Connection:
        """The open connection, opened anew if a failed commit has closed it."""
        if self._connection is None:
            self._connection = self._opened_anew()
            self._hooks.opened_anew(self._connection)
        return self._connection

    def open(self) -> apsw.Connection:
        """Open the database for the first time."""
        self._connection = open_writer(self._path, self._options)
        return self._connection

    def close(self) -> None:
        """Close the connection; what is committed is on disk already."""
        connection, self._connection = self._connection, None
        if connection is not None:
            close_quietly(connection)

    def transact(self, work: Callable[[apsw.Cursor], Result]) -> Result:
        """Run `work` in one transaction and commit it durably.

        Raises `Poisoned`, a `StorageError` or what `work` itself raised when everything was rolled
        back, and `CommitUnknown` when nobody can tell; then the connection is closed.
        """
        connection = self.connection
        cursor = connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            result = work(cursor)
        except POISON as error:
            self._roll_back(connection)
            raise Poisoned(str(error)) from error
        except FAILURES as error:
            self._roll_back(connection)
            raise storage_error_of(error) from error
        except BaseException:
            self._roll_back(connection)
            raise
        self._commit(connection, cursor)
        return result

    def try_open(self) -> bool:
        """Open anew if need be; False if that is not possible now."""
        try:
            return self.connection is not None
        except StorageError:
            return False

    def try_transact(self, work: Callable[[apsw.Cursor], bool]) -> bool:
        """Run background work in one transaction; False if it failed or has nothing left to do."""
        try:
            return self.transact(work)
        except StorageError:
            return False

    def _commit(self, connection: apsw.Connection, cursor: apsw.Cursor) -> None:
        # SQLite may have ended the transaction by itself. A commit now would seem to succeed.
        if not connection.in_transaction:
            raise StorageUnavailable("it gave up a transaction half-way")
        try:
            cursor.execute("COMMIT")
        except (apsw.FullError, apsw.BusyError) as error:
            # Nothing was marked as committed: there was no room for the mark, or no leave to write.
            self._roll_back(connection)
            raise storage_error_of(error) from error
        except FAILURES as error:
            self._lose()
            raise CommitUnknown(str(error)) from error
        pages, _ = connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE, True)  # noqa: FBT003  # reset
        self._hooks.committed(pages)

    def _roll_back(self, connection: apsw.Connection) -> None:
        if not connection.in_transaction:
            return
        try:
            connection.execute("ROLLBACK")
        except apsw.Error:
            self._lose()

    def _lose(self) -> None:
        self.close()
        self._hooks.lost()

    def _opened_anew(self) -> apsw.Connection:
        """Open after a failed commit, and prove that the disk takes commits again.

        The log is brought home first: what a failed sync left in memory only is written once more.
        The commit that follows writes over whatever of the failed one stands behind the log's end.
        """
        if time.monotonic() < self._next_attempt_at:
            raise StorageUnavailable("a commit failed, and it is about to be opened anew")
        connection: apsw.Connection | None = None
        try:
            connection = open_writer(self._path, self._options)
            ((busy, _, _),) = fetch_all(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
            if busy:
                raise apsw.BusyError("a reader stands in the way")
            connection.execute("UPDATE recovery SET count = count + 1")
        except FAILURES as error:
            if connection is not None:
                close_quietly(connection)
            self._next_attempt_at = time.monotonic() + self._options.reopen_seconds
            failure = storage_error_of(error)
            if isinstance(failure, StorageFull):
                raise failure from error
            raise StorageUnavailable(f"opening it anew failed: {error}") from error
        return connection
