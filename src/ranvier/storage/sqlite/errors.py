"""How a transaction can fail, for the other modules of this package to act upon."""

from __future__ import annotations

from typing import ClassVar

from ranvier.storage.errors import StorageError, StorageUnavailable


class Poisoned(StorageError):
    """Something in a transaction was refused by the database; all of it was rolled back.

    It asks for the same work in smaller batches.
    """

    code: ClassVar[str] = "RANVIER-STORAGE-REFUSED"


class CommitUnknown(StorageUnavailable):
    """A commit was begun and its end not seen: what it brought may be stored or not."""

    code: ClassVar[str] = "RANVIER-COMMIT-UNKNOWN"

    def __init__(self, reason: str) -> None:
        super().__init__(f"a commit failed ({reason}), look whether it was stored")
