"""A place in the tokens of a query: what comes next, and how to refuse it."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager

from ranvier.events.query.bounds import MAXIMUM_NESTING_LEVELS
from ranvier.events.query.errors import QueryError, refused
from ranvier.events.query.lexer import Token, TokenKind, tokens_of
from ranvier.events.query.scope import EVENT_SCOPE


class Cursor:
    """Walks once over the tokens of a text; `token` is the next one.

    `scope` is what the rows hold at this place of the query.
    """

    def __init__(self, text: str) -> None:
        self.scope = EVENT_SCOPE
        self._tokens = tokens_of(text)
        self._index = 0
        self._nesting_levels = 0

    @property
    def token(self) -> Token:
        """The next token; at the end of the text the one of kind `END`, again and again."""
        return self._tokens[self._index]

    def at_end(self) -> bool:
        """Tell whether the whole text is read."""
        return self.token.kind is TokenKind.END

    def take(self) -> Token:
        """Return the next token, which is not the end, and step over it."""
        token = self.token
        self._index += 1
        return token

    def at_sign(self, *signs: str) -> bool:
        """Tell whether the next token is one of these signs."""
        return self.token.kind is TokenKind.SIGN and self.token.text in signs

    def at_call(self, names: Container[str]) -> bool:
        """Tell whether the next token is one of these words with a parenthesis behind it."""
        if self.token.keyword not in names:
            return False
        following = self._tokens[self._index + 1]
        return following.kind is TokenKind.SIGN and following.text == "("

    def accept(self, sign: str) -> bool:
        """Step over that sign if it comes next, and tell whether it did."""
        accepted = self.at_sign(sign)
        if accepted:
            self.take()
        return accepted

    def expect(self, sign: str) -> None:
        """Step over that sign; refuse anything else."""
        if not self.accept(sign):
            raise unexpected(self.token, f"'{sign}'")

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one level of nesting while the block runs."""
        self._nesting_levels += 1
        if self._nesting_levels > MAXIMUM_NESTING_LEVELS:
            raise too_deep(self.token)
        yield
        self._nesting_levels -= 1


def unexpected(token: Token, expected: str) -> QueryError:
    """Return the refusal of a token that does not fit here."""
    return refused(token.text, token.offset, f"does not fit here; expected {expected}.")


def too_deep(token: Token) -> QueryError:
    """Return the refusal of what lies too deep in parentheses or operators."""
    remedy = f"lies more than {MAXIMUM_NESTING_LEVELS} levels deep; split the condition."
    return refused(token.text, token.offset, remedy)
