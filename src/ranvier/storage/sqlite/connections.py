"""How the writer, the readers, the checkpointer and the check each open the database."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import apsw

from ranvier.storage.sqlite.options import PAGE_SIZE_BYTES, SqliteOptions
from ranvier.storage.sqlite.statements import fetch_all

DATABASE_FILE = "ranvier.db"

_LOG_FILE_LIMIT_BYTES = 64 * 1024 * 1024
"""The write-ahead log keeps its blocks for the next round, but not those of a rare large one."""

_STATEMENT_CACHE = 100
"""More than there are statements."""


def database_path(directory: Path) -> Path:
    """The database file of a data directory."""
    return directory / DATABASE_FILE


def open_writer(path: Path, options: SqliteOptions) -> apsw.Connection:
    """Open the one connection that writes; a commit on it returns when the disk has it."""
    connection = apsw.Connection(str(path), statementcachesize=_STATEMENT_CACHE)
    _set_up(connection, options, options.writer_cache_bytes)
    for pragma in (
        f"page_size = {PAGE_SIZE_BYTES}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        # A statement of many rows can undo itself; what it needs for that stays out of files.
        "temp_store = MEMORY",
        f"journal_size_limit = {_LOG_FILE_LIMIT_BYTES}",
    ):
        fetch_all(connection, f"PRAGMA {pragma}")
    return connection


def open_reader(path: Path, options: SqliteOptions) -> apsw.Connection:
    """Open a connection that only reads; values longer than `options.value_bytes` are refused."""
    connection = _open_existing(path, options, apsw.SQLITE_OPEN_READONLY)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, options.value_bytes)
    return connection


def open_checkpointer(path: Path, options: SqliteOptions) -> apsw.Connection:
    """Open a connection that brings the write-ahead log home."""
    return _open_existing(path, options, apsw.SQLITE_OPEN_READWRITE)


def close_quietly(connection: apsw.Connection) -> None:
    """Close a connection; on a failing disk the log stays for the next start to bring home."""
    with suppress(apsw.Error):
        connection.close(True)  # noqa: FBT003  # apsw's parameter has no name


def sync_log(path: Path) -> None:
    """Have the disk take what a killed process left in the write-ahead log.

    After a kill between write and sync the log is whole in memory only. Whoever reads it must not
    see what a power cut could still take away.
    """
    for file in (path, path.with_name(path.name + "-wal")):
        if file.exists():
            descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _open_existing(path: Path, options: SqliteOptions, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=_STATEMENT_CACHE)
    _set_up(connection, options, options.reader_cache_bytes)
    return connection


def _set_up(connection: apsw.Connection, options: SqliteOptions, cache_bytes: int) -> None:
    connection.set_busy_timeout(options.busy_timeout_ms)
    # Else SQLite compiles a statement anew for each value bound to a column of a partial index.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    fetch_all(connection, f"PRAGMA cache_size = -{cache_bytes // 1024}")
