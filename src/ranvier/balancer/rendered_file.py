"""A file as it is to be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """Name and text of a file; the name is used where several are written side by side."""

    name: str
    text: str


def text_of(lines: Iterable[str]) -> str:
    """Join lines, each with its end."""
    return "".join(f"{line}\n" for line in lines)


def head(kind: str, *more: str) -> list[str]:
    """Return the comment at the top of every file."""
    return [
        f"# Made by `ranvier balancer render {kind}`; make it again rather than edit it.",
        *more,
    ]
