"""Signs users of the cluster in by their passwords, slowly where that fails often.

An attempt counts as failed before its password is looked at, and is taken back when it was right:
many attempts at one time are no way around the delay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ranvier.access.errors import InvalidUserName, SignInDelayed, SignInRefused, TooManySignIns
from ranvier.access.password_rules import is_long_beyond_reason, read_password
from ranvier.access.sign_in_delay import Subjects, admit, subjects_of
from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from ranvier.services.check_passwords import RETRY_AFTER_SECONDS, CheckPasswords
from ranvier.services.identities import Identity, PasswordProof
from ranvier.storage.local_users import LocalUser, LocalUsers
from ranvier.storage.sign_in_attempts import SignInAttempts

logger = logging.getLogger("ranvier.access")

AT_ONE_TIME_MOST: Final = 128
"""Attempts that are looked up or wait for a check; each is a few small rows and one request."""

TRIES: Final = 3
"""Looks at an attempt whose user is being tried by others at this moment."""


class SignIn:
    """Implements `Identities` for users that the cluster keeps."""

    def __init__(
        self,
        users: LocalUsers,
        attempts: SignInAttempts,
        passwords: CheckPasswords,
        count: Callable[[str], None],
    ) -> None:
        """`count` is told what became of each attempt: succeeded, refused, delayed, turned away."""
        self._users = users
        self._attempts = attempts
        self._passwords = passwords
        self._count = count
        self._at_work = 0

    async def identify(self, proof: PasswordProof) -> Identity:
        """Return who it is; raises `SignInRefused`, `SignInDelayed` or `TooManySignIns`."""
        self._at_work += 1
        try:
            if self._at_work > AT_ONE_TIME_MOST:
                raise TooManySignIns(RETRY_AFTER_SECONDS)
            user = await self._checked(proof)
        except SignInDelayed:
            self._count("delayed")
            raise
        except TooManySignIns:
            self._count("turned away")
            raise
        finally:
            self._at_work -= 1
        if user is None:
            self._count("refused")
            raise SignInRefused
        self._count("succeeded")
        logger.info(
            "%s has signed in from %s.",
            user.name.shown,
            proof.address,
            extra={"action": "user.signed-in", "user": user.name.shown},
        )
        return Identity(user.name.shown, user.password_hash)

    async def stands(self, identity: Identity) -> bool:
        """Tell whether the password that was checked is the user's still."""
        key = key_of(identity.user)
        user = None if key is None else await self._users.find(key)
        return user is not None and user.password_hash == identity.seal

    async def _checked(self, proof: PasswordProof) -> LocalUser | None:
        key = key_of(proof.name)
        self._passwords.refuse_if_full()
        subjects = subjects_of(proof.name if key is None else key, proof.address)
        subject = await self._admitted(subjects)
        user = None if key is None else await self._users.find(key)
        password = typed(proof.password)
        if user is None:
            await self._passwords.matches(None, password)
            tell_refused("somebody unknown", proof.address)
            return None
        is_right = await self._passwords.matches(user.password_hash, password)
        # Whoever has changed the password meanwhile has ended what was signed in with this one.
        if not is_right or not await self._users.signed_in(user.name.key, user.password_hash):
            tell_refused(user.name.shown, proof.address)
            return None
        await self._attempts.succeeded(subject, subjects)
        return await self._kept_up(user, password)

    async def _admitted(self, subjects: Subjects) -> bytes:
        for _ in range(TRIES):
            admission = admit(subjects, await self._attempts.seen(subjects.all()))
            if admission.wait_seconds > 0:
                raise SignInDelayed(admission.wait_seconds)
            if await self._attempts.begin(admission, subjects.address):
                return admission.subject
        raise SignInDelayed(1.0)

    async def _kept_up(self, user: LocalUser, password: Secret) -> LocalUser:
        """Hash a password anew that was hashed with less work than is asked for today."""
        if not self._passwords.is_outgrown(user.password_hash):
            return user
        try:
            better = await self._passwords.hash(password)
        except TooManySignIns:
            return user
        if await self._users.change_password(user.name.key, better, user.password_hash):
            return replace(user, password_hash=better)
        return user


def key_of(name: str) -> str | None:
    """Return the key of a typed name; None where it is none, so that nobody has it."""
    try:
        return read_user_name(name).key
    except InvalidUserName:
        return None


def typed(password: Secret) -> Secret:
    """Return a typed password as it was hashed; one that nobody can have becomes an empty one."""
    text = password.reveal()
    if is_long_beyond_reason(text):
        return Secret("")
    return Secret(read_password(text).encode("utf-8", "replace").decode())


def tell_refused(name: str, address: str) -> None:
    """Log a sign-in that was refused; a name that nobody has may be a password, and is not told."""
    logger.warning(
        "A sign-in of %s from %s was refused.", name, address, extra={"action": "user.refused"}
    )
