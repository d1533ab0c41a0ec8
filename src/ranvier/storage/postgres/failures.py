"""PostgreSQL's errors in the words of the port, and what follows from them."""

from __future__ import annotations

from typing import Final

import asyncpg

from ranvier.errors import RanvierError
from ranvier.events.errors import InvalidEvent
from ranvier.storage.errors import StorageError, StorageFull, StorageUnavailable

POISON_CLASSES: Final = frozenset({"22", "23", "54"})
"""Data exception, constraint violation, program limit: one row cannot be stored, others can."""

AGAIN: Final = frozenset({"40001", "40P01", "55P03"})
"""Serialisation failure, deadlock, lock not available: nothing is stored, asking again may help."""

FULL: Final = frozenset({"53100", "53200"})
"""Disk full, out of memory."""

LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError, EOFError)
"""The connection is gone, and with it the answer to what was asked last."""

FAILURES = (asyncpg.PostgresError, *LOST, TimeoutError)
"""What a question to PostgreSQL may raise."""


def state_of(error: BaseException) -> str:
    """Return the SQLSTATE of an error, an empty text if it has none."""
    return getattr(error, "sqlstate", None) or ""


def is_poison(error: BaseException) -> bool:
    """Tell whether one row of the statement is to blame for its failure."""
    is_refused = state_of(error)[:2] in POISON_CLASSES
    return is_refused or isinstance(error, (asyncpg.DataError, UnicodeError, OverflowError))


def storage_error_of(error: BaseException) -> StorageError:
    """Translate what PostgreSQL or the driver raised into one sentence for the operator."""
    if state_of(error) in FULL:
        return StorageFull()
    if isinstance(error, TimeoutError):
        return StorageUnavailable("it did not answer in time")
    return StorageUnavailable(str(error).partition("\n")[0] or type(error).__name__)


def in_our_words(error: Exception) -> Exception:
    """Translate an error of PostgreSQL or of handing values to it; leave any other as it is."""
    translated: RanvierError
    if is_poison(error):
        translated = InvalidEvent("value", f"was refused by the database: {error}")
    elif isinstance(error, FAILURES):
        translated = storage_error_of(error)
    else:
        return error
    translated.__cause__ = error
    return translated
