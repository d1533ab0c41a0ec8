"""Makes, lists and removes the users of the cluster, and sets their passwords.

Whatever takes a way in away ends the user's sessions: once before the change, so that none is left
where the node dies in between, and once after it, for those that were opened meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from ranvier.access.errors import LastUser, TooManyUsers, UnknownUser, UserExists
from ranvier.access.password_rules import read_password, refuse_password
from ranvier.access.user_name import UserName, read_user_name
from ranvier.security.secret import Secret
from ranvier.services.check_passwords import CheckPasswords
from ranvier.services.identities import Identities, PasswordProof
from ranvier.services.sign_in import key_of
from ranvier.storage.local_users import USERS_MOST, LocalUser, LocalUsers, UserChange

logger = logging.getLogger("ranvier.access")

EndSessions = Callable[[str], Awaitable[object]]
"""Ends every session of a user, on all nodes."""


class AdministerUsers:
    """Works on the users that the cluster keeps."""

    def __init__(
        self, users: LocalUsers, passwords: CheckPasswords, end_sessions: EndSessions
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._end_sessions = end_sessions

    async def listed(self) -> Sequence[LocalUser]:
        """Return all users, sorted by name."""
        return await self._users.listed()

    async def add(self, name: str, password: Secret) -> LocalUser:
        """Add a user; raises an `AccessError`."""
        user_name = read_user_name(name)
        if await self._users.find(user_name.key) is not None:
            raise UserExists(user_name.shown)
        kept = await hashed(self._passwords, password, user_name)
        refuse(await self._users.add(user_name, kept), user_name.shown)
        tell("made", user_name.shown)
        return await self._found(user_name.shown)

    async def remove(self, name: str) -> None:
        """Remove a user, but not the last; raises `UnknownUser` or `LastUser`."""
        user = await self._found(name)
        if await self._users.count() == 1:
            raise LastUser(user.name.shown)
        await self._end_sessions(user.name.shown)
        refuse(await self._users.remove(user.name.key), user.name.shown)
        await self._end_sessions(user.name.shown)
        tell("removed", user.name.shown)

    async def set_password(self, name: str, password: Secret) -> None:
        """Set a user's password; raises an `AccessError`."""
        user = await self._found(name)
        kept = await hashed(self._passwords, password, user.name)
        await self._end_sessions(user.name.shown)
        if not await self._users.change_password(user.name.key, kept):
            raise UnknownUser(user.name.shown)
        await self._end_sessions(user.name.shown)
        tell("given another password", user.name.shown)

    async def change_own(self, identities: Identities, proof: PasswordProof, new: Secret) -> None:
        """Set the password of whoever proves to know the present one; raises an `AccessError`."""
        user = await self._found(proof.name)
        refusal = refuse_password(read_password(new.reveal()), user.name)
        if refusal is not None:
            raise refusal
        await identities.identify(proof)
        await self.set_password(user.name.shown, new)

    async def sign_out(self, name: str) -> None:
        """End all sessions of a user; raises `UnknownUser`."""
        user = await self._found(name)
        await self._end_sessions(user.name.shown)
        tell("signed out everywhere", user.name.shown)

    async def _found(self, name: str) -> LocalUser:
        key = key_of(name)
        user = None if key is None else await self._users.find(key)
        if user is None:
            raise UnknownUser(name)
        return user


async def hashed(passwords: CheckPasswords, password: Secret, user: UserName) -> Secret:
    """Return the hash of a new password; raises `PasswordRefused` or `TooManySignIns`."""
    read = read_password(password.reveal())
    refusal = refuse_password(read, user)
    if refusal is not None:
        raise refusal
    return await passwords.hash(Secret(read))


def refuse(change: UserChange, name: str) -> None:
    """Raise what became of a change, unless it was made."""
    match change:
        case UserChange.TAKEN:
            raise UserExists(name)
        case UserChange.FULL:
            raise TooManyUsers(USERS_MOST)
        case UserChange.UNKNOWN:
            raise UnknownUser(name)
        case UserChange.LAST:
            raise LastUser(name)


def tell(what: str, name: str) -> None:
    """Log what was done to a user."""
    logger.info("The user %s was %s.", name, what, extra={"action": "user.changed", "user": name})
