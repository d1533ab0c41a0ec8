"""The sessions of people on this node, built from its settings and over its database."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from ranvier.access.session import SessionLimits
from ranvier.config.settings import Settings
from ranvier.node.clocks import new_message_id
from ranvier.observability.metrics import Metrics
from ranvier.services.answer_posts import AnswerPosts, PostSources
from ranvier.services.hold_leases import HoldLeases
from ranvier.services.keep_membership import KeepMembership
from ranvier.services.keep_sessions import KeepSessions, SessionSources
from ranvier.services.sweep_sessions import SweepSessions
from ranvier.storage.sessions import Sessions
from ranvier.web.page_sessions import PageSessionParts

SWEEPING: Final = "session-sweeping"
"""The name of the lease."""


class NodeSessions:
    """What keeps sessions, answers their posts, and forgets what is over."""

    def __init__(
        self,
        store: Sessions,
        settings: Settings,
        membership: KeepMembership,
        leases: HoldLeases,
    ) -> None:
        self._membership = membership
        self._cookie_name = settings.sessions.cookie_name
        # A node may be given another route than its settings say when it joins.
        sources = SessionSources(settings.name, lambda: membership.own.route, os.urandom)
        self.keep = KeepSessions(store, sources, limits_of(settings))
        self.posts = AnswerPosts(
            store,
            self.keep,
            PostSources(self._run, self._is_living, new_message_id, time.monotonic),
        )
        leases.campaign(SWEEPING)
        self._sweep = SweepSessions(store, self.keep, may_sweep=lambda: leases.is_held(SWEEPING))

    async def start(self) -> None:
        """Begin to forget what is over."""
        await self._sweep.start()

    async def stop(self) -> None:
        """Finish what was begun; stopping twice is allowed."""
        await self._sweep.stop()
        await self.posts.stop()
        await self.keep.stop()

    def take_limits(self, settings: Settings) -> None:
        """Let sessions last as long as the settings say."""
        self.keep.limits = limits_of(settings)

    def show(self, metrics: Metrics) -> None:
        """Show the figures of sessions."""
        figures = self.keep.figures
        metrics.watch(
            "ranvier.session.looks",
            "Requests whose session was looked at",
            lambda: float(figures.looks),
        )
        metrics.watch(
            "ranvier.session.reads",
            "Reads of the database that answered them",
            lambda: float(figures.reads),
        )

    def parts(self, is_draining: Callable[[], bool]) -> PageSessionParts:
        """Return what the pages' sessions are made of."""
        return PageSessionParts(self.keep, self.posts, self._cookie_name, is_draining)

    def _run(self) -> str:
        own = self._membership.own
        return f"{own.node_id}:{own.incarnation}"

    def _is_living(self, run: str) -> bool:
        return any(
            run == f"{view.member.node_id}:{view.member.incarnation}" and view.state.is_alive
            for view in self._membership.members()
        )


def limits_of(settings: Settings) -> SessionLimits:
    """Return what the settings say of how long sessions last."""
    sessions = settings.sessions
    return SessionLimits(
        idle_ms=int(sessions.idle_seconds * 1000),
        absolute_ms=int(sessions.absolute_seconds * 1000),
        touch_ms=int(sessions.touch_seconds * 1000),
    )
