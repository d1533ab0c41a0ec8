"""The contexts of this database: their names are known in memory, their rows are the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from ranvier.events.context_properties import refuse_count, refuse_properties
from ranvier.events.errors import ContextExists, InvalidEvent, UnknownContext
from ranvier.events.limits import refuse_text
from ranvier.security.secret import Secret
from ranvier.storage.context_catalogue import ContextDescription, ContextMark
from ranvier.storage.errors import ContextsLieHere
from ranvier.storage.seen_heads import SeenHeads
from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.statements import fetch_all, load_statements
from ranvier.storage.sqlite.workers import Workers
from ranvier.storage.sqlite.writer import Writer

_SQL = load_statements("contexts")
_CLEARING = (
    "clear_events",
    "clear_tags",
    "clear_append_keys",
    "clear_snapshots",
    "clear_keyed_snapshots",
    "clear_scheduled_events",
    "clear_properties",
    "clear_strategies",
    "clear_persistent_segments",
    "clear_persistent_streams",
)


class KnownContexts:
    """Names and ids of the living contexts; only this process can change them."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def load(self, connection: apsw.Connection) -> None:
        """Read all of them; there are as many as somebody has created by hand."""
        self._ids = {name: number for number, name, _ in connection.execute(_SQL["all"])}

    def id_of(self, name: str) -> int:
        """The id of a context; raises `UnknownContext`."""
        try:
            return self._ids[name]
        except KeyError:
            raise UnknownContext(name) from None

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._ids)

    def add(self, name: str, context_id: int) -> None:
        """A context has been created."""
        self._ids[name] = context_id

    def remove(self, name: str) -> None:
        """A context has been deleted."""
        self._ids.pop(name, None)


@dataclass(frozen=True, slots=True)
class ContextTools:
    """What the catalogue works with; the same things serve the other parts of the database."""

    writers: Workers[Writer]
    readers: Workers[apsw.Connection]
    known: KnownContexts
    seen_heads: SeenHeads
    options: SqliteOptions


class SqliteContexts:
    """Implements the port `ContextCatalogue`."""

    def __init__(self, tools: ContextTools) -> None:
        self._tools = tools

    async def names(self) -> Sequence[str]:
        """All names, sorted."""
        return self._tools.known.names()

    async def marks(self) -> Mapping[str, ContextMark]:
        """The mark of every context, by name."""
        rows: list[Any] = await self._tools.readers.run(
            lambda connection: fetch_all(connection, _SQL["marks"])
        )
        return {
            name: ContextMark(number, bool(is_dcb), revision)
            for name, number, is_dcb, revision in rows
        }

    async def all(self) -> Sequence[ContextDescription]:
        """Describe every context as of one moment, by name."""
        rows: list[Any] = await self._tools.readers.run(
            lambda connection: fetch_all(connection, _SQL["describe_all"])
        )
        return [_description(*row) for row in rows]

    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] | None = None,
        database: Secret | None = None,
    ) -> None:
        """Create an empty context durably, with its properties."""
        if database is not None:
            raise ContextsLieHere
        refusal = refuse_text("context name", name) or refuse_properties(properties or {})
        if refusal is not None or not name:
            raise refusal or InvalidEvent("context name", "is empty: give it one")

        def insert(cursor: apsw.Cursor) -> int:
            try:
                context_id = int(fetch_all(cursor, _SQL["create"], (name, dcb))[0][0])
            except apsw.ConstraintError:
                raise ContextExists(name) from None
            change_properties(cursor, context_id, properties or {})
            return context_id

        def create(writer: Writer) -> None:
            self._tools.known.add(name, writer.transact(insert))

        await self._tools.writers.run(create)

    async def change_properties(self, name: str, changes: Mapping[str, str]) -> None:
        """Set these properties and leave the others; an empty value takes a property away."""
        refusal = refuse_properties(changes)
        if refusal is not None:
            raise refusal

        def change(writer: Writer) -> None:
            context_id = self._tools.known.id_of(name)
            writer.transact(lambda cursor: change_properties(cursor, context_id, changes))

        await self._tools.writers.run(change)

    async def delete(self, name: str) -> None:
        """Take the name away at once and clear the rows in the background, page by page."""

        def mark(writer: Writer) -> int:
            context_id = self._tools.known.id_of(name)
            writer.transact(lambda cursor: cursor.execute(_SQL["mark_deleted"], (context_id,)))
            self._tools.known.remove(name)
            self._tools.seen_heads.forget(context_id)
            return context_id

        self._clear(await self._tools.writers.run(mark))

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        context_id = self._tools.known.id_of(name)
        rows: list[Any] = await self._tools.readers.run(
            lambda connection: fetch_all(connection, _SQL["describe"], (context_id,))
        )
        if not rows or rows[0][0] is None:
            raise UnknownContext(name)
        return _description(*rows[0])

    async def clear_leftovers(self) -> None:
        """Go on clearing what an earlier run has deleted and not cleared to the end."""
        rows: list[tuple[int]] = await self._tools.readers.run(
            lambda connection: fetch_all(connection, _SQL["deleted"])
        )
        for (context_id,) in rows:
            self._clear(context_id)

    def _clear(self, context_id: int) -> None:
        """Post the next page of clearing behind what waits for the writer already."""
        self._tools.writers.post_unless_stopped(lambda writer: self._clear_page(writer, context_id))

    def _clear_page(self, writer: Writer, context_id: int) -> None:
        def clear(cursor: apsw.Cursor) -> bool:
            for statement in _CLEARING:
                cursor.execute(_SQL[statement], (context_id, self._tools.options.clearing_rows))
                if cursor.connection.changes():
                    return True
            cursor.execute(_SQL["remove"], (context_id,))
            return False

        if writer.try_transact(clear):
            self._clear(context_id)


def change_properties(cursor: apsw.Cursor, context_id: int, changes: Mapping[str, str]) -> None:
    """Set or take away properties; raise where there would be too many, and nothing is changed."""
    for name, value in changes.items():
        if value:
            cursor.execute(_SQL["set_property"], (context_id, name, value))
        else:
            cursor.execute(_SQL["remove_property"], (context_id, name))
    cursor.execute(_SQL["properties_changed"], (context_id,))
    refusal = refuse_count(fetch_all(cursor, _SQL["property_count"], (context_id,))[0][0])
    if refusal is not None:
        raise refusal


def _description(name: str, is_dcb: int, head: int, properties: str) -> ContextDescription:
    return ContextDescription(name, bool(is_dcb), head, json.loads(properties))
