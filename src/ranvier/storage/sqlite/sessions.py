"""The port `Sessions` on SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import apsw

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
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("sessions")


class SqliteSessions:
    """Rows of one node; changes that arrive together share one commit."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._changes = RowChanges(tools.writers)

    async def look(self, known: Mapping[str, int]) -> SessionLook:
        """Find sessions by digest in one indexed read."""
        return look_of(await self._read("look", json.dumps([*known.items()])))

    async def open(self, row: SessionRow) -> SessionLook:
        """Keep a new session; its times are set by the database."""
        ((now_ms,),) = await self._write("open", *columns_of(row))
        return SessionLook(
            now_ms, {row.digest: replace(row, created_ms=now_ms, last_used_ms=now_ms)}
        )

    async def change(self, change: SessionChange, post: PostRecord | None = None) -> ChangeOutcome:
        """Change a session and remember the post that did it, both or neither."""
        return await self._changes.make(lambda cursor: _change(cursor, change, post))

    async def touch(self, digest: str, node: str) -> None:
        """Note that a session was used just now, on this node."""
        await self._write("touch", digest, node)

    async def post(self, digest: str) -> PostClaim | None:
        """Return what is known of a post."""
        rows = await self._read("post", digest)
        return PostClaim(*rows[0]) if rows else None

    async def claim_post(self, digest: str, owner: str, fence: int) -> PostClaim:
        """Claim a post that nobody has, or that is claimed under this fence."""
        rows = await self._write("claim", digest, owner, fence)
        return PostClaim(*rows[0]) if rows else await self._standing(digest)

    async def answer_post(self, record: PostRecord, fence: int) -> PostClaim:
        """Keep the answer of a post that is claimed under this fence."""
        rows = await self._write("answer", record.digest, record.answer, fence)
        return PostClaim(*rows[0]) if rows else await self._standing(record.digest)

    async def drop_post(self, digest: str, fence: int) -> None:
        """Forget a claim under this fence that led to nothing."""
        await self._write("drop", digest, fence)

    async def end(self, handle: str) -> bool:
        """End the session of a handle."""
        return bool(await self._write("end", handle))

    async def end_all_of(self, user: str) -> int:
        """End every session of a user."""
        return len(await self._write("end_all", user))

    async def listed(self, page: SessionPage) -> Sequence[SessionRow]:
        """Return sessions, the latest first, without their drafts."""
        statement = "listed" if page.user is None else "listed_of"
        return [SessionRow(*row) for row in await self._read(statement, *page_columns(page))]

    async def counts(self) -> Mapping[str, int]:
        """How many sessions each node has served last."""
        return dict(await self._read("counts"))

    async def sweep(self, idle_ms: int, absolute_ms: int, limit: int) -> int:
        """Forget sessions that have come to a limit."""
        idle = await self._write("sweep_idle", idle_ms, limit)
        old = await self._write("sweep_old", absolute_ms, limit)
        return len(idle) + len(old)

    async def sweep_strangers(self, kept: int, limit: int) -> int:
        """Forget sessions of nobody beyond so many."""
        return len(await self._write("sweep_strangers", kept, limit))

    async def sweep_posts(self, older_ms: int, limit: int) -> int:
        """Forget posts that were made so long ago."""
        return len(await self._write("sweep_posts", older_ms, limit))

    async def _standing(self, digest: str) -> PostClaim:
        """Return how a post stands that was not claimed here; one forgotten is free again."""
        return await self.post(digest) or PostClaim("", 0, None)

    async def _read(self, statement: str, *bindings: Any) -> list[Any]:
        return await self._readers.run(
            lambda connection: fetch_all(connection, _SQL[statement], bindings)
        )

    async def _write(self, statement: str, *bindings: Any) -> list[Any]:
        return await self._changes.make(lambda cursor: fetch_all(cursor, _SQL[statement], bindings))


def _change(cursor: apsw.Cursor, change: SessionChange, post: PostRecord | None) -> ChangeOutcome:
    if post is not None and (found := fetch_all(cursor, _SQL["post"], (post.digest,))):
        return ChangeOutcome(ChangeState.ANSWERED, answer=found[0][2] or "")
    rows = fetch_all(cursor, _SQL["change"], change_columns(change))
    if not rows:
        return ChangeOutcome(ChangeState.CONFLICT)
    if post is not None:
        cursor.execute(_SQL["keep_post"], (post.digest, post.answer))
    return ChangeOutcome(ChangeState.MADE, rows[0][0])
