"""A mistake in a file, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

KNOWN_MAX: Final = 100
"""Words that are compared; comparing is slow, and so many names are seldom like one."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake: its line, counted from 1, a stable word for programs, a sentence for people."""

    line: int
    code: str
    message: str


def shown(text: str) -> str:
    """Return the beginning of what a file says, in quotes and on one line."""
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a remark about the known word that is most like this one, if any is."""
    found = get_close_matches(word[:60], sorted(known)[:KNOWN_MAX], n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else "."
