"""Keeps the sessions of people: any node finds, changes and ends any of them.

What a node remembers of a session is used only after its row was looked at; a change is made on the
version that it was decided on, and is durable before anybody is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ranvier.access.errors import SessionContended, SessionEnded
from ranvier.access.session import Session, SessionLimits, is_over, is_touch_due
from ranvier.access.session_cookie import KEY_BYTES, SessionCookie, cookie_of
from ranvier.services.session_cache import SessionCache
from ranvier.services.session_looks import LookFigures, SessionLooks
from ranvier.storage.sessions import (
    ChangeState,
    PostRecord,
    SessionChange,
    SessionPage,
    SessionRow,
    Sessions,
)

ATTEMPTS_MOST: Final = 16
"""Of one change, others being faster each time."""

HANDLE_BYTES: Final = 16

_HANDLE: Final = re.compile(rf"[0-9a-f]{{{2 * HANDLE_BYTES}}}")

Decide = Callable[[Session], Session]
"""Returns what a session becomes; asked again where it has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class SessionSources:
    """What sessions take from outside: the node's name and route, and chance."""

    node: str
    route: Callable[[], str]
    random: Callable[[int], bytes]
    """Gives so many bytes that nobody can guess."""


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A session, and the cookie that its browser is to show from now on."""

    cookie: SessionCookie
    session: Session


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a change: the session as it is now, or the answer of the earlier post."""

    state: ChangeState
    held: HeldSession
    answer: str = ""


class KeepSessions:
    """The sessions as one node sees them."""

    def __init__(
        self, store: Sessions, sources: SessionSources, limits: SessionLimits | None = None
    ) -> None:
        self._store = store
        self._sources = sources
        self.limits = limits or SessionLimits()
        """May be replaced at any time; counts from the next request on."""
        self._cache = SessionCache()
        self._looks = SessionLooks(store.look)
        self._touching: set[str] = set()

    @property
    def route(self) -> str:
        """The route that the cookies of this node end in."""
        return self._sources.route()

    @property
    def figures(self) -> LookFigures:
        """How often rows were looked at, and in how many reads."""
        return self._looks.figures

    async def start(self) -> None:
        """Be ready; nothing runs by itself."""

    async def stop(self) -> None:
        """Let the read that runs end."""
        await self._looks.stop()

    async def open(self) -> HeldSession:
        """Begin a session of nobody; its cookie is new."""
        cookie = self.new_cookie()
        handle = self._sources.random(HANDLE_BYTES).hex()
        row = SessionRow(cookie.digest, handle, 1, None, 0, 0, self._sources.node, "{}")
        look = await self._store.open(row)
        session = session_of(look.rows[cookie.digest], None)
        self._cache.keep(cookie.digest, session)
        return HeldSession(cookie, session)

    async def find(self, cookie: SessionCookie, *, is_use: bool = True) -> HeldSession | None:
        """Return the session of a cookie as it is after now; None where it is over or never was.

        This node becomes the one that serves it: the cookie returned bears its route. A look that
        `is_use` not lets the session run out as if nobody had looked.
        """
        digest = cookie.digest
        cached = self._cache.find(digest)
        seen = await self._looks.look(digest, cached.version if cached else 0)
        if seen.row is None:
            self._cache.forget(digest)
            return None
        session = session_of(seen.row, cached)
        if is_over(session, seen.now_ms, self.limits):
            self._cache.forget(digest)
            return None
        if is_use and is_touch_due(session, self._sources.node, seen.now_ms, self.limits):
            session = await self._touch(digest, session, seen.now_ms)
        self._cache.keep(digest, session)
        return HeldSession(replace(cookie, route=self.route), session)

    async def change(
        self, held: HeldSession, decide: Decide, *, renews: bool = False
    ) -> HeldSession:
        """Change a session and return it; `renews` gives it a new cookie, and its limits anew.

        Where somebody else has changed it meanwhile, it is read and decided on again. Raises
        `SessionEnded`, `SessionContended` and whatever `decide` raises.
        """
        cookie = self.new_cookie() if renews else held.cookie
        for _ in range(ATTEMPTS_MOST):
            decided = decide(held.session)
            if decided == held.session and not renews:
                return held
            committed = await self.commit(held, HeldSession(cookie, decided))
            if committed.state is ChangeState.MADE:
                return committed.held
            held = await self.again(held)
        raise SessionContended

    async def commit(
        self, held: HeldSession, decided: HeldSession, post: PostRecord | None = None
    ) -> Committed:
        """Put what was decided on this version in its place, with the post that does it, once."""
        digest, next_digest = held.cookie.digest, decided.cookie.digest
        outcome = await self._store.change(
            SessionChange(
                digest,
                held.session.version,
                next_digest,
                decided.session.user,
                json.dumps(decided.session.drafts),
                self._sources.node,
            ),
            post,
        )
        if outcome.state is not ChangeState.MADE:
            return Committed(outcome.state, held, outcome.answer)
        is_renewed = digest != next_digest
        session = replace(
            decided.session,
            version=held.session.version + 1,
            created_ms=outcome.now_ms if is_renewed else held.session.created_ms,
            last_used_ms=outcome.now_ms,
            node=self._sources.node,
        )
        self._cache.forget(digest)
        self._cache.keep(next_digest, session)
        return Committed(outcome.state, HeldSession(decided.cookie, session))

    async def again(self, held: HeldSession) -> HeldSession:
        """Return a session as it is after now; raises `SessionEnded`."""
        found = await self.find(held.cookie)
        if found is None:
            raise SessionEnded
        return found

    async def end(self, handle: str) -> bool:
        """End the session of a handle, on every node at once; False where there is none."""
        return _HANDLE.fullmatch(handle) is not None and await self._store.end(handle)

    async def end_all_of(self, user: str) -> int:
        """End every session of a user, on every node at once; return how many there were."""
        return await self._store.end_all_of(user) if is_storable(user) else 0

    async def listed(self, page: SessionPage | None = None) -> Sequence[Session]:
        """Return sessions of all nodes, the latest first, without their drafts."""
        page = page or SessionPage()
        if not (is_storable(page.user or "") and is_storable(page.after_handle)):
            return []
        return [session_of(row, None) for row in await self._store.listed(page)]

    async def counts(self) -> Mapping[str, int]:
        """Return how many sessions each node has served last, by its name."""
        return await self._store.counts()

    def new_cookie(self) -> SessionCookie:
        """Return a cookie that nobody has had."""
        return cookie_of(self._sources.random(KEY_BYTES), self.route)

    def new_post_key(self) -> str:
        """Return what a form is told apart by from all others."""
        return self._sources.random(HANDLE_BYTES).hex()

    async def _touch(self, digest: str, session: Session, now_ms: int) -> Session:
        """Note the use of a session; of requests that come together one does it."""
        if digest in self._touching:
            return session
        self._touching.add(digest)
        try:
            await self._store.touch(digest, self._sources.node)
        finally:
            self._touching.discard(digest)
        return replace(session, node=self._sources.node, last_used_ms=now_ms)


def session_of(row: SessionRow, known: Session | None) -> Session:
    """Return the session of a row; drafts that it does not bring are those that are known."""
    drafts: Any = {}
    if row.drafts is not None:
        drafts = json.loads(row.drafts)
    elif known is not None:
        drafts = known.drafts
    return Session(
        row.handle, row.version, row.user, row.created_ms, row.last_used_ms, row.node, drafts
    )


def is_storable(text: str) -> bool:
    """Tell whether a column could hold a text; no row has one that it could not."""
    return "\0" not in text and text.isprintable() and len(text) <= 255
