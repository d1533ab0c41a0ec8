"""SQL lives in files, each statement under its name; Python asks for it by that name."""

from __future__ import annotations

from typing import Any

import apsw

from ranvier.storage import statements


def load_statements(file_name: str) -> dict[str, str]:
    """Read `queries/<file_name>.sql` of this package: the statements by their names."""
    return statements.load_statements(__package__ or "", file_name)


def fetch_all(
    source: apsw.Connection | apsw.Cursor, statement: str, parameters: tuple[Any, ...] = ()
) -> list[Any]:
    """Run a statement to its end and return its rows; a read ends its transaction with it."""
    return source.execute(statement, parameters).fetchall()
