"""The people who sign in to this node's pages and REST, over its database."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

from ranvier.config.settings import Settings
from ranvier.observability.metrics import Metrics
from ranvier.security.password_hash import PasswordHash
from ranvier.services.administer_users import AdministerUsers, EndSessions
from ranvier.services.check_passwords import CheckPasswords
from ranvier.services.offer_set_up import OfferSetUp
from ranvier.services.sign_in import SignIn
from ranvier.storage.database import Database
from ranvier.web.user_parts import UserParts


class NodeUsers:
    """What signs people in, keeps them, and offers to make the first of them."""

    def __init__(
        self,
        database: Database,
        end_sessions: EndSessions,
        is_access_controlled: Callable[[], bool],
    ) -> None:
        self._counts: Counter[str] = Counter()
        self._is_access_controlled = is_access_controlled
        self._was_controlled = True
        self._passwords = CheckPasswords(PasswordHash(), os.urandom)
        sign_in = SignIn(
            database.local_users, database.sign_in_attempts, self._passwords, self._count
        )
        self._set_up = OfferSetUp(
            database.local_users, self._passwords, os.urandom, is_access_controlled
        )
        administer = AdministerUsers(database.local_users, self._passwords, end_sessions)
        self.parts = UserParts(sign_in, administer, self._set_up)

    async def start(self) -> None:
        """Be ready to check passwords; offer the set-up where it is needed."""
        await self._passwords.start()
        self._was_controlled = self._is_access_controlled()
        await self._set_up.start()

    async def stop(self) -> None:
        """Finish what is being checked; stopping twice is allowed."""
        await self._set_up.stop()
        await self._passwords.stop()

    def take(self, settings: Settings) -> None:
        """Offer the set-up where access control has just been turned on."""
        was_controlled, self._was_controlled = self._was_controlled, settings.access_control
        if settings.access_control and not was_controlled:
            self._set_up.look_again()

    def show(self, metrics: Metrics) -> None:
        """Show how many sign-ins succeeded, were refused, delayed and turned away."""
        metrics.watch_by(
            "outcome",
            "ranvier.sign.in.count",
            "Attempts to sign in, by what became of them",
            lambda: dict(self._counts),
        )

    def _count(self, outcome: str) -> None:
        self._counts[outcome] += 1
