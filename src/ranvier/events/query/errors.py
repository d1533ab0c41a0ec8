"""What is wrong with a query.

RanvierError
└── QueryError    the text cannot be read, asks for too much, or needs a word that is not there
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class QueryError(RanvierError):
    """A query was refused; the message names the place (counted from 1) and the remedy."""

    code: ClassVar[str] = "AXONIQ-2511"

    def __init__(self, message: str, *, position: int | None = None, word: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.word = word


# A message repeats no more of what was sent than a reader needs to find it.
_SHOWN_CHARACTERS = 64


def refused(word: str, offset: int, remedy: str) -> QueryError:
    """Return the error for `word` at `offset` characters into the text; no word: its end."""
    position = offset + 1
    shown = word if len(word) <= _SHOWN_CHARACTERS else f"{word[:_SHOWN_CHARACTERS]}…"
    named = f"'{shown}' at position {position}" if word else f"The end at position {position}"
    return QueryError(f"{named} {remedy}", position=position, word=word)
