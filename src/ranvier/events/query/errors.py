"""What is wrong with a query.

RanvierError
└── QueryError       the text cannot be read or asks for too much
    └── TooManyRows  an answer needs more rows at one time than a query may hold
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


class TooManyRows(QueryError):
    """An answer needs more rows, or text in them, than a query may hold at one time."""

    code: ClassVar[str] = "AXONIQ-2002"

    def __init__(self, limit: int, unit: str) -> None:
        super().__init__(
            f"The answer needs more than {limit} {unit} at one time;"
            " filter before grouping or sorting, or put a 'limit' behind 'sortby'."
        )


# A message repeats no more of what was sent than a reader needs to find it.
_SHOWN_CHARACTERS = 64


def refused(word: str, offset: int, remedy: str) -> QueryError:
    """Return the error for `word` at `offset` characters into the text; no word: its end."""
    position = offset + 1
    shown = word if len(word) <= _SHOWN_CHARACTERS else f"{word[:_SHOWN_CHARACTERS]}…"
    named = f"'{shown}' at position {position}" if word else f"The end at position {position}"
    return QueryError(f"{named} {remedy}", position=position, word=word)
