"""Cuts the text of a query into words, numbers, quoted texts and signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ranvier.events.query.bounds import MAXIMUM_TEXT_CHARACTERS
from ranvier.events.query.errors import QueryError, refused


class TokenKind(Enum):
    """What a piece of the text is."""

    WORD = "word"
    NUMBER = "number"
    TEXT = "text"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; `text` is as written, but for quoted texts what they stand for."""

    kind: TokenKind
    text: str
    offset: int

    @property
    def keyword(self) -> str:
        """The word in the form in which keywords are compared; empty for all but words."""
        return self.text.lower() if self.kind is TokenKind.WORD else ""


# Every alternative consumes at least one character and none can be split in two ways, so that
# the time to read a text grows with its length alone.
_PIECE: Final = re.compile(
    r"""
      (?P<space>   [\ \t\r\n\v\f]+ )
    | (?P<word>    [A-Za-z_][A-Za-z_0-9]* )
    | (?P<number>  (?: [0-9]+ (?:\.[0-9]*)? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<text>    " (?: \\" | [^"\r\n] )*+ " | ' (?: \\' | [^'\r\n] )*+ ' )
    | (?P<sign>    != | <> | <= | >= | [=<>()\[\],|+*/%-] )
    """,
    re.VERBOSE | re.ASCII,
)


def tokens_of(text: str) -> list[Token]:
    """Return the pieces of a query's text, closed by one of kind `END`.

    In a quoted text a backslash before the quote takes the quote as it is; every other backslash
    stands for itself, so that patterns need no doubling.

    Raises:
        QueryError: the text is too long, or holds a character that means nothing here.
    """
    if len(text) > MAXIMUM_TEXT_CHARACTERS:
        raise QueryError(
            f"The query has {len(text)} characters; shorten it to {MAXIMUM_TEXT_CHARACTERS}."
        )
    return [*_pieces(text), Token(TokenKind.END, "", len(text))]


def _pieces(text: str) -> Iterator[Token]:
    offset = 0
    while offset < len(text):
        piece = _PIECE.match(text, offset)
        if piece is None:
            raise _unreadable(text, offset)
        if piece.lastgroup != "space":
            yield _token(TokenKind(piece.lastgroup), piece.group(), offset)
        offset = piece.end()


def _token(kind: TokenKind, written: str, offset: int) -> Token:
    if kind is TokenKind.TEXT:
        quote = written[0]
        return Token(kind, written[1:-1].replace(f"\\{quote}", quote), offset)
    return Token(kind, written, offset)


def _unreadable(text: str, offset: int) -> QueryError:
    character = text[offset]
    if character in "\"'":
        return refused(character, offset, "opens a text that is not closed on its line.")
    return refused(character, offset, "means nothing in a query; write texts in quotes.")
