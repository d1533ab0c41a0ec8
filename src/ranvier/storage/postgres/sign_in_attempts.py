"""The port `SignInAttempts` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.access.sign_in_delay import (
    FORGOTTEN_AFTER_SECONDS,
    Admission,
    SeenFailures,
    Subjects,
)
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.sign_in_attempts import (
    FAMILIAR_KEPT_SECONDS,
    STRANGE_KEPT_SECONDS,
    SWEPT_AT_ONCE,
)
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "sign_in_attempts")


class PostgresSignInAttempts:
    """One row for each subject; the database's clock counts for every node."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def seen(self, subjects: Sequence[bytes]) -> Mapping[bytes, SeenFailures]:
        """Return what is kept of these subjects."""
        rows = await self._tools.readers.ask(_SQL["seen"], list(subjects))
        return {
            subject: SeenFailures(count, age_seconds, is_familiar)
            for subject, count, age_seconds, is_familiar in rows
        }

    async def begin(self, admission: Admission, address: bytes) -> bool:
        """Count an attempt as failed before it is made."""
        rows = await self._tools.write(
            _SQL["begin"],
            admission.subject,
            admission.seen_count,
            admission.new_count,
            address,
            FORGOTTEN_AFTER_SECONDS,
        )
        if not rows[0][0]:
            return False
        # Apart from the count: rows of others are never locked together with one's own.
        kept = (STRANGE_KEPT_SECONDS, FAMILIAR_KEPT_SECONDS)
        await self._tools.write(_SQL["sweep"], *kept, SWEPT_AT_ONCE)
        return True

    async def succeeded(self, subject: bytes, subjects: Subjects) -> None:
        """Take back what was counted for this attempt, and call the address familiar."""
        parties = (subject, subjects.user_there, subjects.address)
        await self._tools.write(_SQL["succeeded"], *parties)
