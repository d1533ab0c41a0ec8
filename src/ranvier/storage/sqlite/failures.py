"""SQLite's errors in the words of the port."""

from __future__ import annotations

import apsw

from ranvier.errors import RanvierError
from ranvier.events.errors import InvalidEvent
from ranvier.storage.errors import DatabaseDamaged, StorageError, StorageFull, StorageUnavailable

POISON = (
    apsw.ConstraintError,
    apsw.TooBigError,
    apsw.MismatchError,
    apsw.RangeError,
    UnicodeError,
    OverflowError,
)
"""One row cannot be stored; the others of its batch can."""

FAILURES = (apsw.Error, OSError)
"""What a call into SQLite may raise besides."""


def storage_error_of(error: BaseException) -> StorageError:
    """Translate what SQLite raised into one sentence for the operator."""
    if isinstance(error, apsw.FullError):
        return StorageFull()
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return DatabaseDamaged(str(error))
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return StorageUnavailable("another program holds a lock on it")
    return StorageUnavailable(str(error) or type(error).__name__)


def in_our_words(error: Exception) -> Exception:
    """Translate an error of SQLite or of handing values to it; leave any other as it is."""
    translated: RanvierError
    if isinstance(error, UnicodeError):
        translated = InvalidEvent("text", "holds half of a surrogate pair, which is not text")
    elif isinstance(error, OverflowError):
        translated = InvalidEvent("number", "does not fit in 63 bits and a sign")
    elif isinstance(error, FAILURES):
        translated = storage_error_of(error)
    else:
        return error
    translated.__cause__ = error
    return translated
