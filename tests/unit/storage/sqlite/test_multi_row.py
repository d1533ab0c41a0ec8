from __future__ import annotations

import apsw
import pytest

from ranvier.storage.sqlite.multi_row import MOST_ROWS, MultiRowInsert
from ranvier.storage.sqlite.statements import fetch_all

INSERT = MultiRowInsert("INSERT INTO letter (number, text) VALUES (?, ?)")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 100, 511, 512, 513, 1_300])
def test_any_number_of_rows_is_inserted_in_order(count: int) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE letter (number, text)")
    rows = [(number, f"text {number}") for number in range(count)]
    INSERT.write(connection.cursor(), rows)
    assert fetch_all(connection, "SELECT number, text FROM letter ORDER BY rowid") == rows


def test_a_full_batch_takes_one_statement() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE letter (number, text)")
    statements: list[str] = []

    def note(_cursor: apsw.Cursor, statement: str, _bindings: apsw.Bindings | None) -> bool:
        statements.append(statement)
        return True

    connection.set_exec_trace(note)
    INSERT.write(connection.cursor(), [(number, "") for number in range(MOST_ROWS)])
    assert len(statements) == 1
    assert len(statements[0]) < 16_384
