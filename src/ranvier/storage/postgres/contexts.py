"""The port `ContextCatalogue` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from ranvier.events.errors import ContextExists, InvalidEvent, UnknownContext
from ranvier.events.limits import refuse_text
from ranvier.storage.context_catalogue import ContextDescription
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "contexts")
_CLEARING = (
    "clear_event",
    "clear_event_tag",
    "clear_append_key",
    "clear_snapshot",
    "clear_snapshot_count",
)


class PostgresContexts:
    """Implements the port `ContextCatalogue`."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def names(self) -> Sequence[str]:
        """All names, sorted."""
        rows = await self._tools.readers.ask(_SQL["all"])
        self._tools.known.seen({row["name"]: row["id"] for row in rows})
        return sorted(row["name"] for row in rows)

    async def create(self, name: str, *, dcb: bool = False) -> None:
        """Create an empty context durably."""
        refusal = refuse_text("context name", name)
        if refusal is not None or not name:
            raise refusal or InvalidEvent("context name", "is empty: give it one")
        try:
            rows = await self._tools.writers.ask(_SQL["create"], name, dcb)
        except InvalidEvent as error:
            if isinstance(error.__cause__, asyncpg.UniqueViolationError):
                raise ContextExists(name) from None
            raise
        self._tools.known.add(name, rows[0]["id"])

    async def delete(self, name: str) -> None:
        """Take the name away at once and clear the rows in the background, page by page."""
        rows = await self._tools.writers.ask(_SQL["mark_deleted"], name)
        self._tools.known.remove(name)
        if not rows:
            raise UnknownContext(name)
        context_id = rows[0]["id"]
        self._tools.seen_heads.forget(context_id)
        self._tools.under_way.begin(self._clear(context_id))

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        context_id = await self._tools.known.id_of(name)
        rows = await self._tools.readers.ask(_SQL["describe"], context_id)
        if not rows:
            self._tools.known.remove(name)
            raise UnknownContext(name)
        return ContextDescription(*rows[0])

    async def clear_leftovers(self) -> None:
        """Go on clearing what was deleted and not cleared to the end; several nodes may."""
        for row in await self._tools.readers.ask(_SQL["deleted"]):
            self._tools.under_way.begin(self._clear(row["id"]))

    async def _clear(self, context_id: int) -> None:
        """Clear page by page; a database that is closed meanwhile is cleared at the next start."""
        for statement in _CLEARING:
            while self._tools.writers.is_open and await self._clear_page(statement, context_id):
                pass
        if self._tools.writers.is_open:
            await self._tools.writers.ask(_SQL["remove"], context_id)

    async def _clear_page(self, statement: str, context_id: int) -> bool:
        async with self._tools.writers.lend() as lent:
            status = await lent.connection.execute(
                _SQL[statement], context_id, self._tools.options.clearing_rows
            )
        return int(status.rpartition(" ")[2]) > 0
