"""The ports `LocalUsers` and `SignInAttempts` in memory, with a clock that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from ranvier.access.sign_in_delay import Admission, SeenFailures, Subjects
from ranvier.access.user_name import UserName
from ranvier.security.password_hash import PasswordHash
from ranvier.security.secret import Secret
from ranvier.services.administer_users import AdministerUsers, EndSessions
from ranvier.services.check_passwords import CheckPasswords
from ranvier.services.offer_set_up import OfferSetUp
from ranvier.services.sign_in import SignIn
from ranvier.storage.local_users import USERS_MOST, LocalUser, UserChange
from ranvier.web.user_parts import UserParts

QUICK = PasswordHash(1, 8)
"""The least work that argon2id does: tests are not attacked."""


@dataclass
class MemoryLocalUsers:
    """Users by key."""

    users: dict[str, LocalUser] = field(default_factory=dict)
    digest: bytes | None = None
    now_ms: int = 1_700_000_000_000

    async def count(self) -> int:
        return len(self.users)

    async def find(self, key: str) -> LocalUser | None:
        return self.users.get(key)

    async def listed(self) -> Sequence[LocalUser]:
        return [self.users[key] for key in sorted(self.users)]

    async def add(self, name: UserName, password_hash: Secret) -> UserChange:
        if name.key in self.users:
            return UserChange.TAKEN
        if len(self.users) >= USERS_MOST:
            return UserChange.FULL
        self.users[name.key] = LocalUser(name, password_hash, self.now_ms, self.now_ms, None)
        return UserChange.DONE

    async def change_password(
        self, key: str, password_hash: Secret, replaced: Secret | None = None
    ) -> bool:
        user = self.users.get(key)
        if user is None or (replaced is not None and user.password_hash != replaced):
            return False
        self.users[key] = replace(user, password_hash=password_hash)
        return True

    async def signed_in(self, key: str, password_hash: Secret) -> bool:
        user = self.users.get(key)
        if user is None or user.password_hash != password_hash:
            return False
        self.users[key] = replace(user, signed_in_at_ms=self.now_ms)
        return True

    async def remove(self, key: str) -> UserChange:
        if key not in self.users:
            return UserChange.UNKNOWN
        if len(self.users) == 1:
            return UserChange.LAST
        del self.users[key]
        return UserChange.DONE

    async def offer_set_up(self, digest: bytes) -> bool:
        if self.users or self.digest is not None:
            return False
        self.digest = digest
        return True

    async def set_up_digest(self) -> bytes | None:
        return None if self.users else self.digest

    async def set_up(self, digest: bytes, name: UserName, password_hash: Secret) -> UserChange:
        if self.users or digest != self.digest:
            return UserChange.REFUSED
        return await self.add(name, password_hash)


@dataclass
class MemoryAttempts:
    """Counts by subject, with the second of the latest attempt."""

    kept: dict[bytes, tuple[int, float, bool]] = field(default_factory=dict)
    seconds: float = 0.0

    async def seen(self, subjects: Sequence[bytes]) -> Mapping[bytes, SeenFailures]:
        return {
            each: SeenFailures(count, self.seconds - at, is_familiar)
            for each in subjects
            if each in self.kept
            for count, at, is_familiar in (self.kept[each],)
        }

    async def begin(self, admission: Admission, address: bytes) -> bool:
        count, _, is_familiar = self.kept.get(admission.subject, (0, 0.0, False))
        if count != admission.seen_count:
            return False
        self.kept[admission.subject] = (admission.new_count, self.seconds, is_familiar)
        of_address = self.kept.get(address, (0, 0.0, False))[0]
        self.kept[address] = (of_address + 1, self.seconds, False)
        return True

    async def succeeded(self, subject: bytes, subjects: Subjects) -> None:
        self.kept.pop(subject, None)
        self.kept[subjects.user_there] = (0, self.seconds, True)
        count, at, _ = self.kept[subjects.address]
        self.kept[subjects.address] = (count - 1, at, False)


class MemoryAccess:
    """All services of signing in, over what is kept in memory."""

    def __init__(self, end_sessions: EndSessions | None = None) -> None:
        self._end_sessions = end_sessions
        self.users = MemoryLocalUsers()
        self.attempts = MemoryAttempts()
        self.passwords = CheckPasswords(QUICK, bytes)
        self.counted: list[str] = []
        self.ended: list[str] = []
        self.is_controlled = True
        self.sign_in = SignIn(self.users, self.attempts, self.passwords, self.counted.append)
        self.administer = AdministerUsers(self.users, self.passwords, self.end_sessions)
        self.set_up = OfferSetUp(self.users, self.passwords, bytes, lambda: self.is_controlled)

    async def end_sessions(self, user: str) -> None:
        self.ended.append(user)
        if self._end_sessions is not None:
            await self._end_sessions(user)

    @property
    def parts(self) -> UserParts:
        return UserParts(self.sign_in, self.administer, self.set_up)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.passwords.start()
        yield
        await self.set_up.stop()
        await self.passwords.stop()
