"""The port `LocalUsers` on SQLite; all changes are made by one writer, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import apsw

from ranvier.access.user_name import UserName
from ranvier.security.secret import Secret
from ranvier.storage.local_user_row import user_of
from ranvier.storage.local_users import USERS_MOST, LocalUser, UserChange
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("local_users")

Result = TypeVar("Result")


class SqliteLocalUsers:
    """One row for each user, and one for the set-up secret."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._changes = RowChanges(tools.writers)

    async def count(self) -> int:
        """Return how many users there are."""
        return int((await self._read("count"))[0][0])

    async def find(self, key: str) -> LocalUser | None:
        """Return a user; None where nobody has this name."""
        rows = await self._read("find", key)
        return user_of(rows[0]) if rows else None

    async def listed(self) -> Sequence[LocalUser]:
        """Return all users in the order of their keys."""
        return [user_of(row) for row in await self._read("listed")]

    async def add(self, name: UserName, password_hash: Secret) -> UserChange:
        """Add a user: done, taken or full."""
        return await self._make(lambda cursor: add(cursor, name, password_hash))

    async def change_password(
        self, key: str, password_hash: Secret, replaced: Secret | None = None
    ) -> bool:
        """Set another hash, where it replaces this one if one is named."""
        old = None if replaced is None else replaced.reveal()
        return await self._write("change_password", key, password_hash.reveal(), old)

    async def signed_in(self, key: str, password_hash: Secret) -> bool:
        """Note a sign-in; False where the password is another one by now."""
        return await self._write("signed_in", key, password_hash.reveal())

    async def remove(self, key: str) -> UserChange:
        """Remove a user: done, unknown or the last."""

        def remove(cursor: apsw.Cursor) -> UserChange:
            if not fetch_all(cursor, _SQL["find"], (key,)):
                return UserChange.UNKNOWN
            if fetch_all(cursor, _SQL["count"])[0][0] == 1:
                return UserChange.LAST
            cursor.execute(_SQL["remove"], (key,))
            return UserChange.DONE

        return await self._make(remove)

    async def offer_set_up(self, digest: bytes) -> bool:
        """Keep a set-up secret where there is none and no user."""
        return await self._write("offer_set_up", digest)

    async def set_up_digest(self) -> bytes | None:
        """Return the digest of the secret that makes the first user; None where none does."""
        rows = await self._read("set_up_digest")
        return bytes(rows[0][0]) if rows else None

    async def set_up(self, digest: bytes, name: UserName, password_hash: Secret) -> UserChange:
        """Use the set-up secret up and make the first user: done or refused."""

        def set_up(cursor: apsw.Cursor) -> UserChange:
            if not fetch_all(cursor, _SQL["use_set_up"], (digest,)):
                return UserChange.REFUSED
            return add(cursor, name, password_hash)

        return await self._make(set_up)

    async def _read(self, statement: str, *bindings: Any) -> list[Any]:
        return await self._readers.run(
            lambda connection: fetch_all(connection, _SQL[statement], bindings)
        )

    async def _write(self, statement: str, *bindings: Any) -> bool:
        return await self._make(lambda cursor: bool(fetch_all(cursor, _SQL[statement], bindings)))

    async def _make(self, change: Callable[[apsw.Cursor], Result]) -> Result:
        return await self._changes.make(change)


def add(cursor: apsw.Cursor, name: UserName, password_hash: Secret) -> UserChange:
    """Add a user within a transaction."""
    if fetch_all(cursor, _SQL["find"], (name.key,)):
        return UserChange.TAKEN
    if fetch_all(cursor, _SQL["count"])[0][0] >= USERS_MOST:
        return UserChange.FULL
    cursor.execute(_SQL["add"], (name.key, name.shown, password_hash.reveal()))
    return UserChange.DONE
