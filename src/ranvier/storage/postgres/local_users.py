"""The port `LocalUsers` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.access.user_name import UserName
from ranvier.security.secret import Secret
from ranvier.storage.local_user_row import user_of
from ranvier.storage.local_users import USERS_MOST, LocalUser, UserChange
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "local_users")


class PostgresLocalUsers:
    """One row for each user, and one for the set-up secret of the whole cluster."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def count(self) -> int:
        """Return how many users there are."""
        return int((await self._tools.readers.ask(_SQL["count"]))[0][0])

    async def find(self, key: str) -> LocalUser | None:
        """Return a user; None where nobody has this name."""
        rows = await self._tools.readers.ask(_SQL["find"], key)
        return user_of(rows[0]) if rows else None

    async def listed(self) -> Sequence[LocalUser]:
        """Return all users in the order of their keys."""
        return [user_of(row) for row in await self._tools.readers.ask(_SQL["listed"])]

    async def add(self, name: UserName, password_hash: Secret) -> UserChange:
        """Add a user: done, taken or full."""
        return await self._change("add", name.key, name.shown, password_hash.reveal(), USERS_MOST)

    async def change_password(
        self, key: str, password_hash: Secret, replaced: Secret | None = None
    ) -> bool:
        """Set another hash, where it replaces this one if one is named."""
        old = None if replaced is None else replaced.reveal()
        statement = _SQL["change_password"]
        return bool(await self._tools.write(statement, key, password_hash.reveal(), old))

    async def signed_in(self, key: str, password_hash: Secret) -> bool:
        """Note a sign-in; False where the password is another one by now."""
        return bool(await self._tools.write(_SQL["signed_in"], key, password_hash.reveal()))

    async def remove(self, key: str) -> UserChange:
        """Remove a user: done, unknown or the last."""
        return await self._change("remove", key)

    async def offer_set_up(self, digest: bytes) -> bool:
        """Keep a set-up secret where there is none and no user."""
        return bool(await self._tools.write(_SQL["offer_set_up"], digest))

    async def set_up_digest(self) -> bytes | None:
        """Return the digest of the secret that makes the first user; None where none does."""
        rows = await self._tools.readers.ask(_SQL["set_up_digest"])
        return rows[0][0] if rows else None

    async def set_up(self, digest: bytes, name: UserName, password_hash: Secret) -> UserChange:
        """Use the set-up secret up and make the first user: done or refused."""
        return await self._change("set_up", digest, name.key, name.shown, password_hash.reveal())

    async def _change(self, statement: str, *parameters: object) -> UserChange:
        rows = await self._tools.write(_SQL[statement], *parameters)
        return UserChange(rows[0][0])
