"""Lets the first user be made with a secret that is told once, where access control is on.

There is no default password. In a cluster the node that is first makes the secret, for all; only
its digest is kept, and it ends when it is used or when there is a user by any other way.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable

from ranvier.access.errors import SetUpRefused
from ranvier.access.set_up_secret import SECRET_BYTES, digest_of, new_secret
from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from ranvier.services.administer_users import hashed
from ranvier.services.check_passwords import CheckPasswords
from ranvier.services.identities import Identity
from ranvier.storage.errors import StorageError
from ranvier.storage.local_users import LocalUsers, UserChange

logger = logging.getLogger("ranvier.access")


class OfferSetUp:
    """Offers the set-up while it is needed; told of each change of the settings."""

    def __init__(
        self,
        users: LocalUsers,
        passwords: CheckPasswords,
        chance: Callable[[int], bytes],
        is_access_controlled: Callable[[], bool],
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._chance = chance
        self._is_access_controlled = is_access_controlled
        self._offering: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Offer the set-up, if access control is on and nobody could sign in."""
        await self._offer()

    async def stop(self) -> None:
        """Leave nothing running."""
        if self._offering is not None:
            self._offering.cancel()
            await asyncio.gather(self._offering, return_exceptions=True)

    def look_again(self) -> asyncio.Task[None]:
        """Offer it if access control has been turned on; the task is done when that is decided."""
        self._offering = asyncio.get_running_loop().create_task(self._offer_or_say())
        return self._offering

    async def is_open(self) -> bool:
        """Say whether the first user is still to be made."""
        return self._is_access_controlled() and await self._users.set_up_digest() is not None

    async def set_up(self, secret: Secret, name: str, password: Secret) -> Identity:
        """Make the first user, who is signed in by it.

        Raises `SetUpRefused` or what is refused of name and password.
        """
        digest = digest_of(secret.reveal())
        if not self._is_access_controlled():
            raise SetUpRefused
        kept = await self._users.set_up_digest()
        if kept is None or not hmac.compare_digest(kept, digest):
            raise SetUpRefused
        user_name = read_user_name(name)
        password_hash = await hashed(self._passwords, password, user_name)
        if await self._users.set_up(digest, user_name, password_hash) is not UserChange.DONE:
            raise SetUpRefused
        await self._users.signed_in(user_name.key, password_hash)
        logger.info(
            "The first user, %s, was made.", user_name.shown, extra={"action": "user.set-up"}
        )
        return Identity(user_name.shown)

    async def _offer_or_say(self) -> None:
        try:
            await self._offer()
        except StorageError as error:
            logger.error("The set-up could not be offered, start a node again: %s", error)

    async def _offer(self) -> None:
        if not self._is_access_controlled() or await self._users.count():
            return
        secret = new_secret(self._chance(SECRET_BYTES))
        if await self._users.offer_set_up(digest_of(secret)):
            # Here alone a secret is told: whoever reads the log of a first start is its operator.
            logger.warning(
                "There is no user yet. Make the first one at /set-up with this secret, which works"
                " once and is not shown again: %s",
                secret,
                extra={"action": "set-up.offered"},
            )
        else:
            logger.warning(
                "There is no user yet. The secret for /set-up was shown when a node first offered"
                " it; if it is lost, set access_token and make a user by POST /api/users.",
                extra={"action": "set-up.open"},
            )
