"""The port of the sign-ins that failed; kept in the database, so that every node knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from ranvier.access.sign_in_delay import Admission, SeenFailures, Subjects

STRANGE_KEPT_SECONDS: Final = 3600.0
"""After the latest attempt; a failure counts for a shorter time than that."""

FAMILIAR_KEPT_SECONDS: Final = 60 * 86_400.0
"""After the latest sign-in there: two months away, and a place is strange again."""

SWEPT_AT_ONCE: Final = 100
"""Forgotten with one attempt: more than one attempt adds, so that the table cannot grow."""


class SignInAttempts(Protocol):
    """What is kept of subjects, told by digests."""

    async def seen(self, subjects: Sequence[bytes]) -> Mapping[bytes, SeenFailures]:
        """Return what is kept of these subjects; one that is not known is left out."""
        ...

    async def begin(self, admission: Admission, address: bytes) -> bool:
        """Count an attempt as failed, for its subject and for its address, before it is made.

        False, and nothing is counted, where another attempt of the subject came in between.
        """
        ...

    async def succeeded(self, subject: bytes, subjects: Subjects) -> None:
        """Take back what was counted for this attempt, and call the address familiar."""
        ...
