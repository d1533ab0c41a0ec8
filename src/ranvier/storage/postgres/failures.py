"""PostgreSQL's errors in the words of the port, and what follows from them."""

from __future__ import annotations

from typing import Final

import asyncpg

from ranvier.errors import RanvierError
from ranvier.events.errors import InvalidEvent
from ranvier.storage.errors import (
    DatabaseRightMissing,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from ranvier.storage.postgres.hosts import UnknownHost

POISON_CLASSES: Final = frozenset({"22", "23", "54"})
"""Data exception, constraint violation, program limit: one row cannot be stored, others can."""

LOCK_NOT_AVAILABLE: Final = "55P03"

AGAIN: Final = frozenset({"40001", "40P01", LOCK_NOT_AVAILABLE})
"""Serialisation failure, deadlock, lock not available: nothing is stored, asking again may help."""

FULL: Final = frozenset({"53100", "53200"})
"""Disk full, out of memory."""

OUTAGE_CLASSES: Final = frozenset({"08", "25", "28", "3D", "53", "57", "58", "F0", "XX"})
"""The server as a whole does not work: connection, read-only, sign-in, resources, shutdown."""

REFUSED_AT_THE_DOOR: Final = frozenset({"28", "3D"})
"""Wrong password or role, no such database."""

RIGHT_MISSING: Final = "42501"

CANCELLED: Final = "57014"
"""A statement that took too long: it alone is ended."""

NO_TLS: Final = "rejected SSL upgrade"
"""Said by the driver of whatever does not answer the question for TLS as PostgreSQL does."""

NOT_KNOWN: Final = ("08", "57", "40003")
"""How states begin after which a commit may have happened."""

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    EOFError,
)
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


def is_outage(error: BaseException) -> bool:
    """Tell whether the failure is the server's, not that of what was asked."""
    state = state_of(error)
    if not state:
        return isinstance(error, FAILURES) and not is_poison(error)
    return state[:2] in OUTAGE_CLASSES and state != CANCELLED


def refused_value(field: str, error: BaseException) -> InvalidEvent:
    """Say that the database did not take a value; what it says of its rows is for the log only."""
    return InvalidEvent(field, f"was refused by the database: {first_line(error)}")


def storage_error_of(error: BaseException) -> StorageError:
    """Translate what PostgreSQL or the driver raised into one sentence for the operator."""
    if state_of(error) in FULL:
        return StorageFull()
    if state_of(error) == RIGHT_MISSING:
        return DatabaseRightMissing(first_line(error))
    return StorageUnavailable(reason_of(error))


def reason_of(error: BaseException) -> str:
    """Say why there is no answer, and what may help where that is certain."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, UnknownHost):
        return f"{error}; look at the key `database`"
    if isinstance(error, ConnectionRefusedError):
        return f"nobody listens at its address ({first_line(error)})"
    if isinstance(error, FileNotFoundError):
        return "a certificate, key or socket that `database` names is not there; correct the path"
    if NO_TLS in str(error):
        return (
            f"{first_line(error)}: no PostgreSQL is there, or one without TLS; look at the port and"
            " at `sslmode` in the key `database`"
        )
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return "none of its hosts is a primary that takes writes: they are standbys"
    if state_of(error)[:2] in REFUSED_AT_THE_DOOR:
        return f"{first_line(error)}; look at the key `database`"
    return first_line(error)


def first_line(error: BaseException) -> str:
    """Return what an error says, without the details that servers put below it."""
    return str(error).partition("\n")[0] or type(error).__name__


def in_our_words(error: BaseException) -> BaseException:
    """Translate an error of PostgreSQL or of handing values to it; leave any other as it is."""
    translated: RanvierError
    if is_poison(error):
        translated = refused_value("value", error)
    elif isinstance(error, FAILURES):
        translated = storage_error_of(error)
    else:
        return error
    translated.__cause__ = error
    return translated
