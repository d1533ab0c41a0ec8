"""The port `SignInAttempts` on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from ranvier.access.sign_in_delay import (
    FORGOTTEN_AFTER_SECONDS,
    Admission,
    SeenFailures,
    Subjects,
)
from ranvier.storage.sign_in_attempts import (
    FAMILIAR_KEPT_SECONDS,
    STRANGE_KEPT_SECONDS,
    SWEPT_AT_ONCE,
)
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("sign_in_attempts")


class SqliteSignInAttempts:
    """One row for each subject."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._changes = RowChanges(tools.writers)

    async def seen(self, subjects: Sequence[bytes]) -> Mapping[bytes, SeenFailures]:
        """Return what is kept of these subjects, three at most."""
        bindings = (*subjects, *(b"" for _ in range(3 - len(subjects))))
        rows: list[Any] = await self._readers.run(
            lambda connection: fetch_all(connection, _SQL["seen"], bindings)
        )
        return {
            bytes(subject): SeenFailures(count, age_seconds, bool(is_familiar))
            for subject, count, age_seconds, is_familiar in rows
        }

    async def begin(self, admission: Admission, address: bytes) -> bool:
        """Count an attempt as failed before it is made."""

        def begin(cursor: apsw.Cursor) -> bool:
            row = (admission.subject, admission.seen_count, admission.new_count)
            if not fetch_all(cursor, _SQL["begin"], row):
                return False
            cursor.execute(_SQL["count_address"], (address, FORGOTTEN_AFTER_SECONDS))
            kept = (STRANGE_KEPT_SECONDS, FAMILIAR_KEPT_SECONDS)
            cursor.execute(_SQL["sweep"], (*kept, SWEPT_AT_ONCE))
            return True

        return await self._changes.make(begin)

    async def succeeded(self, subject: bytes, subjects: Subjects) -> None:
        """Take back what was counted for this attempt, and call the address familiar."""

        def succeed(cursor: apsw.Cursor) -> None:
            cursor.execute(_SQL["clear"], (subject,))
            cursor.execute(_SQL["make_familiar"], (subjects.user_there,))
            cursor.execute(_SQL["take_back"], (subjects.address,))

        await self._changes.make(succeed)
