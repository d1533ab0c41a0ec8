"""The port of the people who sign in with a password that the cluster keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from ranvier.access.user_name import UserName
from ranvier.security.secret import Secret

USERS_MOST: Final = 10_000
"""Each is made by hand; more people than this come from a directory of their own."""


@dataclass(frozen=True, slots=True)
class LocalUser:
    """One user; times are in milliseconds since 1970, of the database's clock."""

    name: UserName
    password_hash: Secret
    created_at_ms: int
    password_changed_at_ms: int
    signed_in_at_ms: int | None
    """The latest sign-in; None before the first."""


class UserChange(Enum):
    """What became of a change of users; the values are those that databases answer."""

    DONE = "done"
    TAKEN = "taken"
    """There is a user of this name already."""
    FULL = "full"
    """There are as many users as there may be."""
    UNKNOWN = "unknown"
    LAST = "last"
    """It is the last user, and stays."""
    REFUSED = "refused"
    """The set-up secret is none, or there is no set-up any more."""


class LocalUsers(Protocol):
    """Users by the keys of their names, and the secret with which the first one is made."""

    async def count(self) -> int:
        """Return how many users there are."""
        ...

    async def find(self, key: str) -> LocalUser | None:
        """Return a user; None where nobody has this name."""
        ...

    async def listed(self) -> Sequence[LocalUser]:
        """Return all users in the order of their keys."""
        ...

    async def add(self, name: UserName, password_hash: Secret) -> UserChange:
        """Add a user: done, taken or full."""
        ...

    async def change_password(
        self, key: str, password_hash: Secret, replaced: Secret | None = None
    ) -> bool:
        """Set another hash, where it replaces this one if one is named; False: nothing is set."""
        ...

    async def signed_in(self, key: str, password_hash: Secret) -> bool:
        """Note a sign-in; False where the password is not the one that was checked any more."""
        ...

    async def remove(self, key: str) -> UserChange:
        """Remove a user: done, unknown or the last."""
        ...

    async def offer_set_up(self, digest: bytes) -> bool:
        """Keep a set-up secret where there is none and no user; False: nothing is kept."""
        ...

    async def set_up_digest(self) -> bytes | None:
        """Return the digest of the secret that makes the first user; None where none does."""
        ...

    async def set_up(self, digest: bytes, name: UserName, password_hash: Secret) -> UserChange:
        """Use the set-up secret up and make the first user: done or refused."""
        ...
