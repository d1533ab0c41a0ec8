"""Who may use a data directory, and which files are left alone."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from ranvier.storage.errors import (
    DatabaseTooNew,
    DataDirectoryInUse,
    ForeignDatabase,
    MigrationChanged,
    StorageError,
)
from ranvier.storage.sqlite.check import check_directory
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.directory_lock import LOCK_FILE
from ranvier.storage.sqlite.migrate import known_migrations
from tests.support.appends import all_rows, event, store
from tests.support.databases import opened

HOLDER = """
import asyncio, sys
from pathlib import Path
from ranvier.storage.sqlite.database import SqliteDatabase

async def hold():
    database = SqliteDatabase(Path(sys.argv[1]))
    await database.start()
    print("held", flush=True)
    sys.stdin.read()

asyncio.run(hold())
"""


def fingerprints(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.iterdir()
        if path.name != LOCK_FILE
    }


async def refused_start(directory: Path) -> StorageError:
    with pytest.raises(StorageError) as refused:
        await SqliteDatabase(directory).start()
    return refused.value


async def test_a_second_opener_is_refused_with_a_sentence(tmp_path: Path) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    error = await refused_start(tmp_path)
    assert isinstance(error, DataDirectoryInUse)
    assert "is in use by process" in str(error)
    await store(database, event(0))
    await database.stop()
    again = await opened(SqliteDatabase, tmp_path)
    assert await all_rows(again) == [b"a/0"]
    await again.stop()


@contextlib.contextmanager
def holding_process(directory: Path) -> Iterator[int]:
    """Another process that has the directory; killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder.pid
        holder.kill()


async def test_another_process_is_named_and_its_death_frees_the_directory(tmp_path: Path) -> None:
    with holding_process(tmp_path) as process_id:
        error = await refused_start(tmp_path)
        assert f"is in use by process {process_id}:" in str(error)
    database = await opened(SqliteDatabase, tmp_path)
    await database.stop()


async def made_newer(directory: Path, *, in_log_only: bool) -> None:
    """A database as a newer program would leave it, killed before a checkpoint or not."""
    database = await opened(SqliteDatabase, directory)
    await store(database, event(0))
    await database.stop()
    connection = apsw.Connection(str(database_path(directory)))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.execute("PRAGMA user_version = 99")
    if not in_log_only:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


@pytest.mark.parametrize("in_log_only", [False, True])
async def test_a_database_of_a_newer_version_is_refused_and_untouched(
    tmp_path: Path, in_log_only: bool
) -> None:
    await made_newer(tmp_path, in_log_only=in_log_only)
    (tmp_path / "ranvier.db-shm").unlink(missing_ok=True)
    before = fingerprints(tmp_path)
    error = await refused_start(tmp_path)
    assert isinstance(error, DatabaseTooNew)
    assert (error.found, error.known) == (99, known_migrations()[-1].number)
    (tmp_path / "ranvier.db-shm").unlink(missing_ok=True)  # an index of the log, made for reading
    assert fingerprints(tmp_path) == before
    assert not check_directory(tmp_path).passed


@pytest.mark.parametrize("content", [b"hello, this is a letter\n" * 20, b"SQLite format 3\0"])
async def test_a_file_that_is_no_database_is_refused_and_untouched(
    tmp_path: Path, content: bytes
) -> None:
    database_path(tmp_path).write_bytes(content)
    error = await refused_start(tmp_path)
    assert isinstance(error, ForeignDatabase)
    assert database_path(tmp_path).read_bytes() == content


@pytest.mark.parametrize("mark", ["application_id = 7", "user_version = 7", "user_version = 0"])
async def test_a_database_of_another_program_is_refused_and_untouched(
    tmp_path: Path, mark: str
) -> None:
    connection = apsw.Connection(str(database_path(tmp_path)))
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute(f"CREATE TABLE recipe (name); PRAGMA {mark}")
    connection.close()
    before = fingerprints(tmp_path)
    assert isinstance(await refused_start(tmp_path), ForeignDatabase)
    assert fingerprints(tmp_path) == before


async def test_a_database_made_by_another_text_of_a_migration_is_refused(tmp_path: Path) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    await database.stop()
    connection = apsw.Connection(str(database_path(tmp_path)))
    connection.execute("UPDATE migration SET checksum = 'other' WHERE number = 1")
    connection.close()
    error = await refused_start(tmp_path)
    assert isinstance(error, MigrationChanged)
    assert (error.number, error.name) == (1, "event_store")
    assert [
        finding.subject for finding in check_directory(tmp_path).findings if not finding.passed
    ] == ["migrations"]


async def test_a_directory_that_cannot_be_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    error = await refused_start(tmp_path / "file" / "data")
    assert "Not a directory" in str(error)


async def test_a_refused_start_leaves_the_directory_free(tmp_path: Path) -> None:
    database_path(tmp_path).write_bytes(b"a letter")
    await refused_start(tmp_path)
    database_path(tmp_path).unlink()
    database = await opened(SqliteDatabase, tmp_path / "deeper" / "down")
    await database.stop()
    database = await opened(SqliteDatabase, tmp_path)
    await database.stop()
