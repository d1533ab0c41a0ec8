"""SQL lives in files, each statement under its name; Python asks for it by that name."""

from __future__ import annotations

from importlib import resources

_MARK = "-- name: "


def load_statements(package: str, file_name: str) -> dict[str, str]:
    """Read `queries/<file_name>.sql` of a package into a mapping from statement name to its text.

    Lines above the first name are remarks for the reader of the file.
    """
    text = (resources.files(package) / "queries" / f"{file_name}.sql").read_text("utf-8")
    statements: dict[str, str] = {}
    for block in ("\n" + text).split("\n" + _MARK)[1:]:
        name, _, statement = block.partition("\n")
        statements[name.strip()] = statement.strip()
    return statements
