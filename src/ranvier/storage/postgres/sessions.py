"""The port `Sessions` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.session_row import change_columns, columns_of, look_of, page_columns
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
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "sessions")


class PostgresSessions:
    """Rows that all nodes share; every statement is a transaction of its own."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def look(self, known: Mapping[str, int]) -> SessionLook:
        """Find sessions by digest in one indexed read."""
        keys = (list(known), list(known.values()))
        return look_of(await self._tools.readers.ask(_SQL["look"], *keys))

    async def open(self, row: SessionRow) -> SessionLook:
        """Keep a new session; its times are set by the database."""
        ((now_ms,),) = await self._tools.write(_SQL["open"], *columns_of(row))
        return SessionLook(
            now_ms, {row.digest: replace(row, created_ms=now_ms, last_used_ms=now_ms)}
        )

    async def change(self, change: SessionChange, post: PostRecord | None = None) -> ChangeOutcome:
        """Change a session and remember the post that did it, both or neither."""
        posted = (None, None) if post is None else (post.digest, post.answer)
        rows = await self._tools.write(_SQL["change"], *change_columns(change), *posted)
        state, now_ms, answer = rows[0]
        return ChangeOutcome(ChangeState(state), now_ms, answer or "")

    async def touch(self, digest: str, node: str) -> None:
        """Note that a session was used just now, on this node."""
        await self._tools.write(_SQL["touch"], digest, node)

    async def post(self, digest: str) -> PostClaim | None:
        """Return what is known of a post."""
        rows = await self._tools.readers.ask(_SQL["post"], digest)
        return PostClaim(*rows[0]) if rows else None

    async def claim_post(self, digest: str, owner: str, fence: int) -> PostClaim:
        """Claim a post that nobody has, or that is claimed under this fence."""
        rows = await self._tools.write(_SQL["claim"], digest, owner, fence)
        return PostClaim(*rows[0]) if rows else await self._standing(digest)

    async def answer_post(self, record: PostRecord, fence: int) -> PostClaim:
        """Keep the answer of a post that is claimed under this fence."""
        rows = await self._tools.write(_SQL["answer"], record.digest, record.answer, fence)
        return PostClaim(*rows[0]) if rows else await self._standing(record.digest)

    async def drop_post(self, digest: str, fence: int) -> None:
        """Forget a claim under this fence that led to nothing."""
        await self._tools.write(_SQL["drop"], digest, fence)

    async def end(self, handle: str) -> bool:
        """End the session of a handle."""
        return bool(await self._tools.write(_SQL["end"], handle))

    async def end_all_of(self, user: str) -> int:
        """End every session of a user."""
        return len(await self._tools.write(_SQL["end_all"], user))

    async def listed(self, page: SessionPage) -> Sequence[SessionRow]:
        """Return sessions, the latest first, without their drafts."""
        statement = _SQL["listed" if page.user is None else "listed_of"]
        rows = await self._tools.readers.ask(statement, *page_columns(page))
        return [SessionRow(*row) for row in rows]

    async def counts(self) -> Mapping[str, int]:
        """How many sessions each node has served last."""
        return dict(await self._tools.readers.ask(_SQL["counts"]))

    async def sweep(self, idle_ms: int, absolute_ms: int, limit: int) -> int:
        """Forget sessions that have come to a limit."""
        idle = await self._tools.write(_SQL["sweep_idle"], idle_ms, limit)
        old = await self._tools.write(_SQL["sweep_old"], absolute_ms, limit)
        return len(idle) + len(old)

    async def sweep_strangers(self, kept: int, limit: int) -> int:
        """Forget sessions of nobody beyond so many."""
        return len(await self._tools.write(_SQL["sweep_strangers"], kept, limit))

    async def sweep_posts(self, older_ms: int, limit: int) -> int:
        """Forget posts that were made so long ago."""
        return len(await self._tools.write(_SQL["sweep_posts"], older_ms, limit))

    async def _standing(self, digest: str) -> PostClaim:
        """Return how a post stands that was not claimed here; one forgotten is free again."""
        return await self.post(digest) or PostClaim("", 0, None)
