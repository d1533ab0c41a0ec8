"""The port `Sessions` in memory, with a clock that tests set, for nodes that share nothing else."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ranvier.access.session import SessionLimits
from ranvier.services.answer_posts import AnswerPosts, PostSources
from ranvier.services.keep_sessions import KeepSessions, SessionSources
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.sessions import (
    ChangeOutcome,
    ChangeState,
    PostClaim,
    PostRecord,
    SessionChange,
    SessionLook,
    SessionPage,
    SessionRow,
)
from ranvier.web.page_sessions import PageSessionParts


@dataclass
class MemorySessions:
    """Rows by digest; `calls` notes what was asked for."""

    now_ms: int = 1_000_000
    rows: dict[str, SessionRow] = field(default_factory=dict)
    posts: dict[str, PostClaim] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    looked: list[Mapping[str, int]] = field(default_factory=list)
    is_away: bool = False
    gate: asyncio.Event | None = None
    """Where there is one, looks wait for it."""

    async def look(self, known: Mapping[str, int]) -> SessionLook:
        self._note("look")
        self.looked.append(dict(known))
        if self.gate is not None:
            await self.gate.wait()
        found = {digest: self.rows[digest] for digest in known if digest in self.rows}
        return SessionLook(
            self.now_ms,
            {
                digest: replace(row, drafts=None) if row.version == known[digest] else row
                for digest, row in found.items()
            },
        )

    async def open(self, row: SessionRow) -> SessionLook:
        self._note("open")
        kept = replace(row, created_ms=self.now_ms, last_used_ms=self.now_ms)
        self.rows[row.digest] = kept
        return SessionLook(self.now_ms, {row.digest: kept})

    async def change(self, change: SessionChange, post: PostRecord | None = None) -> ChangeOutcome:
        self._note("change")
        if post is not None and post.digest in self.posts:
            answer = self.posts[post.digest].answer or ""
            return ChangeOutcome(ChangeState.ANSWERED, answer=answer)
        row = self.rows.get(change.digest)
        if row is None or row.version != change.version:
            return ChangeOutcome(ChangeState.CONFLICT)
        del self.rows[change.digest]
        is_renewed = change.next_digest != change.digest
        self.rows[change.next_digest] = replace(
            row,
            digest=change.next_digest,
            version=row.version + 1,
            user=change.user,
            drafts=change.drafts,
            node=change.node,
            created_ms=self.now_ms if is_renewed else row.created_ms,
            last_used_ms=self.now_ms,
        )
        if post is not None:
            self.posts[post.digest] = PostClaim("", 1, post.answer)
        return ChangeOutcome(ChangeState.MADE, self.now_ms)

    async def touch(self, digest: str, node: str) -> None:
        self._note("touch")
        await asyncio.sleep(0)
        if digest in self.rows:
            self.rows[digest] = replace(self.rows[digest], last_used_ms=self.now_ms, node=node)

    async def post(self, digest: str) -> PostClaim | None:
        self._note("post")
        return self.posts.get(digest)

    async def claim_post(self, digest: str, owner: str, fence: int) -> PostClaim:
        self._note("claim")
        standing = self.posts.get(digest)
        if standing is None:
            self.posts[digest] = PostClaim(owner, 1, None)
        elif standing.fence == fence and standing.answer is None:
            self.posts[digest] = PostClaim(owner, fence + 1, None)
        return self.posts[digest]

    async def answer_post(self, record: PostRecord, fence: int) -> PostClaim:
        self._note("answer")
        standing = self.posts.get(record.digest)
        if standing is not None and standing.fence == fence and standing.answer is None:
            self.posts[record.digest] = replace(standing, answer=record.answer)
        return self.posts.get(record.digest, PostClaim("", 0, None))

    async def drop_post(self, digest: str, fence: int) -> None:
        self._note("drop")
        standing = self.posts.get(digest)
        if standing is not None and standing.fence == fence and standing.answer is None:
            del self.posts[digest]

    async def end(self, handle: str) -> bool:
        self._note("end")
        return bool(self._drop([row for row in self.rows.values() if row.handle == handle]))

    async def end_all_of(self, user: str) -> int:
        self._note("end_all")
        return self._drop([row for row in self.rows.values() if row.user == user])

    async def listed(self, page: SessionPage) -> Sequence[SessionRow]:
        self._note("listed")
        rows = sorted(self.rows.values(), key=lambda row: (-row.created_ms, row.handle))
        before = self.now_ms + 1 if page.before_ms is None else page.before_ms
        start = (-before, page.after_handle)
        return [
            replace(row, drafts=None)
            for row in rows
            if (-row.created_ms, row.handle) > start and page.user in (None, row.user)
        ][: page.size]

    async def counts(self) -> Mapping[str, int]:
        self._note("counts")
        names = sorted(row.node for row in self.rows.values())
        return {name: len(list(group)) for name, group in itertools.groupby(names)}

    async def sweep(self, idle_ms: int, absolute_ms: int, limit: int) -> int:
        self._note("sweep")
        over = [
            row
            for row in self.rows.values()
            if row.last_used_ms <= self.now_ms - idle_ms
            or row.created_ms <= self.now_ms - absolute_ms
        ]
        return self._drop(over[:limit])

    async def sweep_strangers(self, kept: int, limit: int) -> int:
        self._note("sweep_strangers")
        strangers = sorted(
            (row for row in self.rows.values() if row.user is None),
            key=lambda row: row.last_used_ms,
        )
        return self._drop(strangers[: max(0, len(strangers) - kept)][:limit])

    async def sweep_posts(self, older_ms: int, limit: int) -> int:
        self._note("sweep_posts")
        return 0

    def _drop(self, rows: Sequence[SessionRow]) -> int:
        for row in rows:
            del self.rows[row.digest]
        return len(rows)

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if self.is_away:
            raise StorageUnavailable("it is away")


class PlayedRandom:
    """Gives bytes that differ from call to call, on all nodes of a test."""

    _numbers = itertools.count(1)

    def __call__(self, count: int) -> bytes:
        return next(self._numbers).to_bytes(count, "big")


@dataclass
class SessionNode:
    """The sessions of one node of several that share a store."""

    store: MemorySessions
    name: str = "node1"
    random: PlayedRandom = field(default_factory=PlayedRandom)
    living: set[str] = field(default_factory=lambda: {"run-of-node1", "run-of-node2"})
    seconds: float = 0.0
    is_draining: bool = False

    def __post_init__(self) -> None:
        numbers = itertools.count()
        sources = SessionSources(self.name, lambda: f"{self.name}-route", self.random)
        self.sessions = KeepSessions(self.store, sources, SessionLimits())
        self.posts = AnswerPosts(
            self.store,
            self.sessions,
            PostSources(
                lambda: f"run-of-{self.name}",
                lambda run: run in self.living,
                lambda: f"mark-{next(numbers)}",
                lambda: self.seconds,
                self._pause,
            ),
        )

    @property
    def parts(self) -> PageSessionParts:
        return PageSessionParts(
            self.sessions, self.posts, is_draining=lambda: self.is_draining, recheck_seconds=0.0
        )

    async def _pause(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)
