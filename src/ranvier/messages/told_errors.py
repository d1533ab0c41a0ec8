"""Errors of queries that another node has told, made errors of this one again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ranvier.messages.errors import (
    DuplicateQuery,
    MessageError,
    MessageOverLimit,
    NoQueryHandler,
    QueryHandlerLost,
    QueryTimedOut,
    QueueFull,
)

KINDS: Final[Mapping[str, type[MessageError]]] = {
    kind.code: kind
    for kind in (
        NoQueryHandler,
        QueryTimedOut,
        DuplicateQuery,
        QueryHandlerLost,
        QueueFull,
        MessageOverLimit,
    )
}


def told_error(code: str, text: str) -> MessageError | None:
    """Return the error with this code and text; None for a code that no query's error has."""
    kind = KINDS.get(code)
    # Not by calling the class: its own text is made of particulars that were told as text already.
    return None if kind is None else kind.__new__(kind, text)
