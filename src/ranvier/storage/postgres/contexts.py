"""The port `ContextCatalogue` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from ranvier.events.context_properties import PROPERTIES_PER_CONTEXT as PROPERTIES_MOST
from ranvier.events.context_properties import refuse_count, refuse_properties
from ranvier.events.errors import ContextExists, InvalidEvent, UnknownContext
from ranvier.events.limits import refuse_text
from ranvier.security.secret import Secret
from ranvier.storage.context_catalogue import ContextDescription, ContextMark
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "contexts")
_CLEARING = (
    "clear_event",
    "clear_event_tag",
    "clear_append_key",
    "clear_snapshot",
    "clear_snapshot_count",
    "clear_keyed_snapshot",
    "clear_scheduled_event",
    "clear_context_property",
    "clear_processor_strategy",
    "clear_persistent_segment",
    "clear_persistent_stream",
)


class PostgresContexts:
    """Implements the port `ContextCatalogue`."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def names(self) -> Sequence[str]:
        """All names, sorted."""
        rows = await self._tools.readers.ask(_SQL["all"])
        self._tools.known.listed(rows)
        return sorted(row["name"] for row in rows)

    async def marks(self) -> Mapping[str, ContextMark]:
        """The mark of every context, by name."""
        rows = await self._tools.readers.ask(_SQL["marks"])
        self._tools.known.listed(rows)
        return {name: ContextMark(number, dcb, revision) for number, name, dcb, revision, _ in rows}

    async def all(self) -> Sequence[ContextDescription]:
        """Describe every context as of one moment, by name."""
        rows = await self._tools.readers.ask(_SQL["describe_all"])
        return [_description(*row) for row in rows]

    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] | None = None,
        database: Secret | None = None,
    ) -> None:
        """Create an empty context durably, with its properties; of another database, its entry."""
        wanted = properties or {}
        refusal = refuse_text("context name", name) or refuse_properties(wanted)
        if refusal is not None or not name:
            raise refusal or InvalidEvent("context name", "is empty: give it one")
        columns = (name, dcb, list(wanted), list(wanted.values()), PROPERTIES_MOST)
        try:
            if database is None:
                rows = await self._tools.write(_SQL["create"], *columns)
            else:
                rows = await self._tools.write(_SQL["create_placed"], *columns, database.reveal())
        except InvalidEvent as error:
            if isinstance(error.__cause__, asyncpg.UniqueViolationError):
                raise ContextExists(name) from None
            raise
        self._tools.known.add(name, rows[0][0], is_placed=database is not None)

    async def change_properties(self, name: str, changes: Mapping[str, str]) -> None:
        """Set these properties and leave the others; an empty value takes a property away."""
        refusal = refuse_properties(changes)
        if refusal is not None:
            raise refusal
        rows = await self._tools.write(
            _SQL["change_properties"],
            await self._tools.known.listed_id_of(name),
            list(changes),
            list(changes.values()),
            PROPERTIES_MOST,
        )
        if not rows[0][0]:
            raise refuse_count(PROPERTIES_MOST + 1) or UnknownContext(name)

    async def delete(self, name: str) -> None:
        """Take the name away at once and clear the rows in the background, page by page."""
        rows = await self._tools.write(_SQL["mark_deleted"], name)
        self._tools.known.remove(name)
        if not rows:
            raise UnknownContext(name)
        context_id = rows[0]["id"]
        self._tools.seen_heads.forget(context_id)
        self._tools.under_way.begin(self._clear(context_id))

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        context_id = await self._tools.known.listed_id_of(name)
        rows = await self._tools.readers.ask(_SQL["describe"], context_id)
        if not rows:
            self._tools.known.remove(name)
            raise UnknownContext(name)
        return _description(*rows[0])

    async def clear_leftovers(self) -> None:
        """Go on clearing what was deleted and not cleared to the end; several nodes may."""
        for row in await self._tools.readers.ask(_SQL["deleted"]):
            self._tools.under_way.begin(self._clear(row["id"]))

    async def _clear(self, context_id: int) -> None:
        """Clear page by page; a database that is closed meanwhile is cleared at the next start."""
        for statement in _CLEARING:
            while self._tools.under_way.is_open and await self._clear_page(statement, context_id):
                pass
        if self._tools.under_way.is_open:
            await self._tools.writers.ask(_SQL["remove"], context_id)

    async def _clear_page(self, statement: str, context_id: int) -> bool:
        async with self._tools.writers.lend() as lent:
            status = await lent.connection.execute(
                _SQL[statement], context_id, self._tools.options.clearing_rows
            )
        return int(status.rpartition(" ")[2]) > 0


def _description(
    name: str, dcb: Any, head: int, names: Sequence[str], values: Sequence[str]
) -> ContextDescription:
    return ContextDescription(name, dcb, head, dict(zip(names, values, strict=True)))
