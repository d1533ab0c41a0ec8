"""Looks whether a database holds together; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw

from ranvier.storage.check_report import CheckReport, Finding
from ranvier.storage.errors import StorageError
from ranvier.storage.sqlite.connections import database_path, open_reader
from ranvier.storage.sqlite.failures import FAILURES, storage_error_of
from ranvier.storage.sqlite.migrate import (
    applied_migrations,
    known_migrations,
    refuse_unsuitable_file,
)
from ranvier.storage.sqlite.options import MIB, SqliteOptions
from ranvier.storage.sqlite.positions import base_position
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("check")

TOKENS_PER_PAGE = 100_000
"""Events that one statement counts: some ten milliseconds, so that no snapshot gets old."""

MOST_NAMED = 5
"""Aggregates named in a finding; who has more to mend needs a back-up, not a list."""


def check_directory(directory: Path) -> CheckReport:
    """Check the database of a data directory, whether a node is using it or not."""
    path = database_path(directory)
    if not path.exists():
        return CheckReport((_failed(f"there is no database {path}"),))
    try:
        refuse_unsuitable_file(path)
        connection = open_reader(path, SqliteOptions())
        try:
            return CheckReport(tuple(_findings(connection, path)))
        finally:
            connection.close()
    except FAILURES as error:
        return CheckReport((_failed(str(storage_error_of(error))),))
    except StorageError as error:
        return CheckReport((_failed(str(error)),))


def _failed(detail: str) -> Finding:
    return Finding(subject="file", passed=False, detail=detail)


def _findings(connection: apsw.Connection, path: Path) -> Iterator[Finding]:
    yield _sizes(connection, path)
    yield _migrations(connection)
    yield _settings(connection)
    yield _structure(connection)
    for context_id, name, head in fetch_all(connection, _SQL["contexts"]):
        yield _tokens(connection, context_id, name, head)
        yield _sequences(connection, context_id, name)
        yield _append_keys(connection, context_id, name, head)


def _sizes(connection: apsw.Connection, path: Path) -> Finding:
    log = path.with_name(path.name + "-wal")
    log_bytes = log.stat().st_size if log.exists() else 0
    free = fetch_all(connection, "PRAGMA freelist_count")[0][0]
    return Finding(
        subject="size",
        passed=True,
        detail=f"{path.stat().st_size / MIB:.1f} MiB, log {log_bytes / MIB:.1f} MiB, "
        f"{free} free pages",
    )


def _migrations(connection: apsw.Connection) -> Finding:
    applied = applied_migrations(connection)
    known = [(one.number, one.name, one.checksum) for one in known_migrations()]
    newest = fetch_all(connection, "PRAGMA user_version")[0][0]
    if applied == known and newest == len(known):
        return Finding(subject="migrations", passed=True, detail=f"version {newest}, the newest")
    return Finding(
        subject="migrations",
        passed=False,
        detail=f"version {newest} was not made by this program's {len(known)} migrations",
    )


def _settings(connection: apsw.Connection) -> Finding:
    mode = fetch_all(connection, "PRAGMA journal_mode")[0][0]
    return Finding(
        subject="settings",
        passed=mode == "wal",
        detail=f"journal mode {mode}; a node commits with synchronous=FULL",
    )


def _structure(connection: apsw.Connection) -> Finding:
    problems = [row[0] for row in fetch_all(connection, "PRAGMA quick_check(5)")]
    return Finding(
        subject="structure", passed=problems == ["ok"], detail="; ".join(map(str, problems))
    )


def _tokens(connection: apsw.Connection, context_id: int, name: str, head: int) -> Finding:
    base = base_position(context_id)
    stored = 0
    for start in range(0, head, TOKENS_PER_PAGE):
        end = min(start + TOKENS_PER_PAGE, head)
        stored += fetch_all(connection, _SQL["count"], (base + start, base + end))[0][0]
    ((beyond,),) = fetch_all(
        connection, _SQL["count"], (base + head, base_position(context_id + 1))
    )
    # A node may have appended since the head was read; without one, nothing may lie beyond it.
    ((head_now,),) = fetch_all(connection, _SQL["head"], (context_id,)) or ((head,),)
    return Finding(
        subject=f"tokens of {name}",
        passed=stored == head and beyond <= head_now - head,
        detail=f"{stored} events, the head is {head}",
    )


def _sequences(connection: apsw.Connection, context_id: int, name: str) -> Finding:
    broken: list[str] = []
    after, aggregates = "", 0
    while True:
        rows = fetch_all(connection, _SQL["aggregates"], (context_id, after, TOKENS_PER_PAGE // 10))
        if not rows:
            break
        aggregates += len(rows)
        after = rows[-1][0]
        broken += [row[0] for row in rows if row[1] != 0 or row[2] != row[3] - 1]
    named = ", ".join(broken[:MOST_NAMED])
    return Finding(
        subject=f"sequences of {name}",
        passed=not broken,
        detail=f"{len(broken)} of {aggregates} aggregates have gaps: {named}"
        if broken
        else f"{aggregates} aggregates without gaps",
    )


def _append_keys(connection: apsw.Connection, context_id: int, name: str, head: int) -> Finding:
    ((count, end),) = fetch_all(connection, _SQL["append_keys"], (context_id, head))
    return Finding(
        subject=f"append keys of {name}",
        passed=end == 0,
        detail=f"{count} kept" if end == 0 else f"{end} of {count} name events beyond the head",
    )
