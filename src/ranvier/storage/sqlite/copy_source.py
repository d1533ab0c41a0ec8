"""The embedded database as the source of a copy: only read, while no node has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from ranvier.storage.copied_tables import CopiedTable, Row, selection
from ranvier.storage.errors import DatabaseNotUpToDate
from ranvier.storage.sqlite.connections import database_path, open_reader, sync_log
from ranvier.storage.sqlite.directory_lock import DirectoryLock
from ranvier.storage.sqlite.failures import FAILURES, storage_error_of
from ranvier.storage.sqlite.migrate import (
    applied_migrations,
    known_migrations,
    refuse_unsuitable_file,
)
from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.statements import fetch_all

ROWS_PER_PAGE: Final = 5_000
BYTES_PER_PAGE: Final = 4 << 20
"""What stands in memory at once, and what one transaction of the target writes."""


class SqliteCopySource:
    """Gives the rows of each table in pages."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @property
    def fingerprint(self) -> str:
        """Changes when a node has used the database: a copy begun before is no longer one."""
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        seen = [(file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.exists()]
        return repr([self._path.absolute(), *(each for each in seen if each[0])])

    def count(self, table: CopiedTable) -> int:
        """How many rows are to be copied."""
        return int(self._rows(selection("count(*) FROM", source_of(table)), ())[0][0])

    def pages(self, table: CopiedTable, after: Row | None) -> Iterator[list[Row]]:
        """Yield the rows that come after a key, or all, in pages that are never empty."""
        while page := self._page(table, after):
            yield page
            after = table.key_of(page[-1])

    def _page(self, table: CopiedTable, after: Row | None) -> list[Row]:
        statement = page_statement(table, from_start=after is None)
        parameters = (*(key_parameters(table, after)), ROWS_PER_PAGE)
        page: list[Row] = []
        byte_count = 0
        try:
            cursor = self._connection.execute(statement, parameters)
            for row in cursor:
                page.append(tuple(row))
                byte_count += sum(len(each) for each in row if isinstance(each, str | bytes))
                if byte_count >= BYTES_PER_PAGE:
                    break
            cursor.close(True)  # noqa: FBT003  # apsw's parameter has no name
        except FAILURES as error:
            raise storage_error_of(error) from error
        return page

    def _rows(self, statement: str, parameters: Row) -> list[Row]:
        try:
            return fetch_all(self._connection, statement, parameters)
        except FAILURES as error:
            raise storage_error_of(error) from error


def source_of(table: CopiedTable) -> str:
    """Return where the rows come from, and which of them."""
    return f"{table.from_table or table.name} WHERE {table.taken}"


def page_statement(table: CopiedTable, *, from_start: bool) -> str:
    """Return the statement of a page; the names in it are those that this program declares."""
    spelled = [table.from_columns.get(name, name) for name in table.columns]
    key = sqlite_key(table)
    condition = "" if from_start else f" AND ({', '.join(key)}) > ({', '.join('?' * len(key))})"
    columns = ", ".join(spelled)
    order = ", ".join(key)
    return selection(columns, "FROM", source_of(table), condition, "ORDER BY", order, "LIMIT ?")


def sqlite_key(table: CopiedTable) -> tuple[str, ...]:
    """Return what orders the rows here: events lie in the order of their positions."""
    if table.name == "event":
        return ("position",)
    return tuple(table.from_columns.get(name, name) for name in table.key)


def key_parameters(table: CopiedTable, after: Row | None) -> Row:
    """Return the values to which the columns of `sqlite_key` are compared."""
    if after is None:
        return ()
    return ((after[0] << 40) | after[1],) if table.name == "event" else after


@contextmanager
def copy_source(directory: Path) -> Iterator[SqliteCopySource]:
    """Open the database of a data directory for the length of a block.

    Raises `DataDirectoryInUse` while a node runs on it, `DatabaseNotUpToDate`, and what a start
    raises for a file that is no database of ours.
    """
    path = database_path(directory)
    refuse_unsuitable_file(path)
    lock = DirectoryLock(directory)
    lock.acquire()
    try:
        sync_log(path)
        connection = open_reader(path, SqliteOptions())
        try:
            if len(applied_migrations(connection)) < len(known_migrations()):
                raise DatabaseNotUpToDate(path)
            yield SqliteCopySource(connection, path)
        finally:
            connection.close()
    finally:
        lock.release()
