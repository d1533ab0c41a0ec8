"""Brings the embedded database of a data directory up to date, while no node has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ranvier.storage.sqlite.connections import database_path, open_writer, sync_log
from ranvier.storage.sqlite.directory_lock import DirectoryLock
from ranvier.storage.sqlite.failures import FAILURES, storage_error_of
from ranvier.storage.sqlite.migrate import applied_migrations, migrate, refuse_unsuitable_file
from ranvier.storage.sqlite.options import SqliteOptions


def migrate_directory(directory: Path) -> Sequence[str]:
    """Apply what is missing, and return its names; raises what the start of a node raises."""
    path = database_path(directory)
    lock = DirectoryLock(directory)
    lock.acquire()
    try:
        refuse_unsuitable_file(path)
        sync_log(path)
        connection = open_writer(path, SqliteOptions())
        try:
            before = {number for number, *_ in applied_migrations(connection)}
            migrate(connection, path)
            applied = applied_migrations(connection)
        finally:
            connection.close()
    except FAILURES as error:
        raise storage_error_of(error) from error
    finally:
        lock.release()
    return [f"{number:04} {name}" for number, name, _ in applied if number not in before]
