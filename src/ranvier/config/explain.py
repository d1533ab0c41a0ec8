"""What `ranvier config explain` prints: each value and where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ranvier.config.load import LoadedSettings
from ranvier.config.settings import KEYS

_NO_WRAPPING: Final = 1_000
"""Columns; a reader that is no terminal gets whole lines."""


def explain_as_json(loaded: LoadedSettings) -> str:
    """Give `{"settings": [{key, value, origin, cluster}], "notices": [{subject, sentence}]}`."""
    settings = [
        {
            "key": key.name,
            "value": _plain(loaded.values[key.name]),
            "origin": str(loaded.origins[key.name]),
            "cluster": key.is_cluster_key,
        }
        for key in KEYS
    ]
    notices = [
        {"subject": notice.subject, "sentence": notice.sentence} for notice in loaded.notices
    ]
    return json.dumps({"settings": settings, "notices": notices}, indent=2)


def explain_as_table(loaded: LoadedSettings, file: TextIO) -> None:
    """Write a table for people, and what was given without effect below it."""
    console = Console(file=file, highlight=False, width=None if file.isatty() else _NO_WRAPPING)
    table = Table("key", "value", "where it came from", box=None, header_style="bold")
    for key, value, origin in _rows(loaded):
        table.add_row(Text(key), Text(value), Text(origin))
    console.print(table)
    for notice in loaded.notices:
        console.print(Text(f"note: {notice.subject} {notice.sentence}"))


def _rows(loaded: LoadedSettings) -> Iterator[tuple[str, str, str]]:
    for key in KEYS:
        value = _plain(loaded.values[key.name])
        mark = " (c)" if key.is_cluster_key else ""
        yield key.name + mark, _shown(value), str(loaded.origins[key.name])


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or None
    # bool is an int here, as it is in JSON's own terms; a Secret prints as its mask.
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
