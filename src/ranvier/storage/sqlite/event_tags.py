"""The port `EventTags` on SQLite: changes go to the writer thread, between two batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from ranvier.events.errors import NoSuchEvent
from ranvier.events.limits import refuse_tags
from ranvier.events.tag import Tag
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.positions import TOKEN_LIMIT, base_position
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("tags")


class SqliteEventTags:
    """Adds, removes and lists the tags of single events."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._known = tools.known
        self._limits = tools.options.limits
        self._changes = RowChanges(tools.writers)

    async def add(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Let an event bear these tags too, durably."""
        context_id = self._known.id_of(context)
        limit = self._limits.tags_per_event
        refusal = refuse_tags(tags, limit)
        if refusal is not None:
            raise refusal

        def change(cursor: apsw.Cursor) -> Exception | None:
            if not _is_event(cursor, context_id, token):
                return NoSuchEvent(context, token)
            refusal = refuse_tags({*_tags_of(cursor, context_id, token), *tags}, limit)
            if refusal is None:
                rows = [(context_id, tag.key, tag.value, token) for tag in tags]
                cursor.executemany(_SQL["add"], rows)
            return refusal

        await self._make(change)

    async def remove(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Take these tags from an event, durably."""
        context_id = self._known.id_of(context)
        refusal = refuse_tags(tags, self._limits.tags_per_event)
        if refusal is not None:
            raise refusal

        def change(cursor: apsw.Cursor) -> Exception | None:
            if not _is_event(cursor, context_id, token):
                return NoSuchEvent(context, token)
            rows = [(context_id, tag.key, tag.value, token) for tag in tags]
            cursor.executemany(_SQL["remove"], rows)
            return None

        await self._make(change)

    async def of_event(self, context: str, token: int) -> Sequence[Tag]:
        """The tags of an event, ordered by key and value."""
        context_id = self._known.id_of(context)

        def read(connection: apsw.Connection) -> list[Tag] | None:
            if not _is_event(connection, context_id, token):
                return None
            return _tags_of(connection, context_id, token)

        found = await self._readers.run(read)
        if found is None:
            raise NoSuchEvent(context, token)
        return found

    async def _make(self, change: Any) -> None:
        refusal: Exception | None = await self._changes.make(change)
        if refusal is not None:
            raise refusal


def _is_event(source: apsw.Connection | apsw.Cursor, context_id: int, token: int) -> bool:
    position = base_position(context_id) + token
    return 0 <= token < TOKEN_LIMIT and bool(fetch_all(source, _SQL["is_event"], (position,)))


def _tags_of(source: apsw.Connection | apsw.Cursor, context_id: int, token: int) -> list[Tag]:
    return [Tag(*row) for row in fetch_all(source, _SQL["of_event"], (context_id, token))]
