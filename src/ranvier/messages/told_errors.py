"""Errors that another node has told, made errors of this one again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ranvier.messages.errors import (
    CommandHandlerLost,
    CommandTimedOut,
    DuplicateCommand,
    DuplicateQuery,
    MessageError,
    MessageOverLimit,
    NoQueryHandler,
    QueryHandlerLost,
    QueryTimedOut,
    QueueFull,
)

Kinds = Mapping[str, type[MessageError]]


def by_code(*kinds: type[MessageError]) -> Kinds:
    """Return kinds of errors by their codes, no two of which are alike."""
    return {kind.code: kind for kind in kinds}


COMMAND_ERRORS: Final = by_code(
    CommandHandlerLost, CommandTimedOut, DuplicateCommand, QueueFull, MessageOverLimit
)
QUERY_ERRORS: Final = by_code(
    NoQueryHandler, QueryTimedOut, DuplicateQuery, QueryHandlerLost, QueueFull, MessageOverLimit
)


def told_error(code: str, text: str, kinds: Kinds) -> MessageError | None:
    """Return the error with this code and text; None for a code that none of these kinds has."""
    kind = kinds.get(code)
    # Not by calling the class: its own text is made of particulars that were told as text already.
    return None if kind is None else kind.__new__(kind, text)
