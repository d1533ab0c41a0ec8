"""Printing for people: one line for each thing, and nothing in it that steers a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO

import msgspec

LONGEST_TEXT: Final = 200
"""Characters of a field that a line for people shows; `-o json` shows all."""


def one_line(text: str) -> str:
    """Escape whatever is no printable character: text of others may hold terminal commands."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode()
        for each in text
    )


def shortened(text: str) -> str:
    """Give the beginning of a text, on one line."""
    return one_line(text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…")


def write_line(text: str, file: TextIO | None = None) -> None:
    """Write one line; what the terminal's encoding lacks is written as an escape."""
    out = file or sys.stdout
    encoding = out.encoding or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def write_json_array(items: Iterable[Any]) -> None:
    """Write an array item by item, so that a long one needs no memory."""
    opening = "["
    for item in items:
        # The line before it ends only now: a refusal instead of the first item prints nothing.
        sys.stdout.write(f"{opening}\n{json_text(item)}")
        opening = ","
    write_line("[]" if opening == "[" else "\n]")


def json_text(item: Any) -> str:
    """Give the JSON of one thing on one line."""
    return msgspec.json.encode(item).decode()


def aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows as lines with columns below each other."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
