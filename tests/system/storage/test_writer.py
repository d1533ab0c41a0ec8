"""The writer's transactions end whole (rule 8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from ranvier.storage.errors import DatabaseDamaged, StorageError, StorageUnavailable
from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.statements import fetch_all
from ranvier.storage.sqlite.writer import Writer, WriterHooks

COUNT = "SELECT count FROM recovery"
RAISE = "UPDATE recovery SET count = count + 1"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    hooks = WriterHooks(lambda _: None, lambda: None, lambda _: None)
    writer = Writer(tmp_path / "ranvier.db", SqliteOptions(busy_timeout_ms=10), hooks)
    connection = writer.open()
    connection.execute("CREATE TABLE recovery (count); INSERT INTO recovery VALUES (0)")
    yield writer
    writer.close()


def counted(writer: Writer) -> int:
    ((count,),) = fetch_all(writer.connection, COUNT)
    assert isinstance(count, int)
    return count


def test_what_was_done_is_committed_and_its_result_returned(writer: Writer) -> None:
    assert writer.transact(lambda cursor: cursor.execute(RAISE) and 7) == 7
    assert counted(writer) == 1
    assert writer.ready


def test_a_transaction_that_ended_by_itself_is_not_committed(writer: Writer) -> None:
    def lose_the_transaction(cursor: apsw.Cursor) -> None:
        cursor.execute(RAISE)
        cursor.execute("ROLLBACK")

    with pytest.raises(StorageUnavailable, match="gave up a transaction half-way"):
        writer.transact(lose_the_transaction)
    assert counted(writer) == 0


@pytest.mark.parametrize("error", [apsw.CorruptError("page 7"), apsw.IOError("no answer")])
def test_an_error_half_way_rolls_everything_back(writer: Writer, error: apsw.Error) -> None:
    def fail(cursor: apsw.Cursor) -> None:
        cursor.execute(RAISE)
        raise error

    with pytest.raises(StorageError) as raised:
        writer.transact(fail)
    assert isinstance(raised.value, DatabaseDamaged) == isinstance(error, apsw.CorruptError)
    assert counted(writer) == 0
    assert not writer.connection.in_transaction


def test_an_error_of_our_own_rolls_back_and_comes_through(writer: Writer) -> None:
    def fail(cursor: apsw.Cursor) -> None:
        cursor.execute(RAISE)
        raise KeyError("mine")

    with pytest.raises(KeyError):
        writer.transact(fail)
    assert counted(writer) == 0


def test_a_lock_of_another_program_is_waited_for_and_then_named(
    writer: Writer, tmp_path: Path
) -> None:
    other = apsw.Connection(str(tmp_path / "ranvier.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="another program holds a lock"):
        writer.transact(lambda cursor: cursor.execute(RAISE))
    other.execute("ROLLBACK")
    other.close()
    writer.transact(lambda cursor: cursor.execute(RAISE))
    assert counted(writer) == 1


def test_background_work_that_fails_says_no(writer: Writer) -> None:
    def fail(_cursor: apsw.Cursor) -> bool:
        raise apsw.FullError("no space")

    assert not writer.try_transact(fail)
    assert writer.try_transact(lambda _: True)
    assert writer.try_open()
