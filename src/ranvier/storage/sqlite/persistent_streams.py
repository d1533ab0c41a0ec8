"""The port `PersistentStreams` on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import apsw

from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.errors import StreamOwnedElsewhere, TooManyStreams
from ranvier.events.streams.progress import Reached, SegmentProgress, StreamProgress
from ranvier.storage.persistent_streams import StoredStream, stream_lease
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.leases import holds_lease
from ranvier.storage.sqlite.multi_row import MultiRowInsert
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("streams")
_ADD_SEGMENTS = MultiRowInsert(_SQL["add_segment"])


class SqlitePersistentStreams:
    """Keeps streams and where their segments stand."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._known = tools.known
        self._changes = RowChanges(tools.writers)

    async def create(
        self, context: str, definition: StreamDefinition, progress: StreamProgress, limit: int
    ) -> bool:
        """Store a new stream; False if there is one of that id already."""
        context_id = self._known.id_of(context)
        row = (
            context_id,
            definition.stream_id,
            definition.name,
            definition.policy_name,
            json.dumps(definition.parameters),
            definition.filter_text,
            _layouts_text(progress.handled),
            _layouts_text(progress.replayed),
        )

        def change(cursor: apsw.Cursor) -> bool | None:
            made = fetch_all(cursor, _SQL["create"], row)
            if not made:
                return False
            ((count,),) = fetch_all(cursor, _SQL["count_of_context"], (context_id,))
            if count > limit:
                fetch_all(cursor, _SQL["remove"], row[:2])
                return None
            _add_segments(cursor, made[0][0], progress)
            return True

        created = await self._changes.make(change)
        if created is None:
            raise TooManyStreams(limit)
        return created

    async def find(self, context: str, stream_id: str) -> StoredStream | None:
        """The stream of that id; None when there is none."""
        found = await self._read(context, stream_id)
        return found[0] if found else None

    async def list(self, context: str) -> Sequence[StoredStream]:
        """All streams of a context, by id."""
        return await self._read(context, None)

    async def save(self, streams: Sequence[StoredStream]) -> Sequence[int]:
        """Store positions and errors of the segments, in one commit."""

        def change(cursor: apsw.Cursor) -> Sequence[int]:
            return [stream.number for stream in streams if not _save(cursor, stream)]

        return await self._changes.make(change)

    async def change(self, stream: StoredStream) -> StoredStream | None:
        """Store another name, layout or positions; the answer has the next revision."""

        def change(cursor: apsw.Cursor) -> bool | None:
            if not _is_owned(cursor, stream):
                return None
            cursor.execute(
                _SQL["change"],
                (
                    stream.number,
                    stream.revision,
                    stream.definition.name,
                    _layouts_text(stream.progress.handled),
                    _layouts_text(stream.progress.replayed),
                ),
            )
            if not cursor.connection.changes():
                return False
            cursor.execute(_SQL["remove_segments"], (stream.number,))
            _add_segments(cursor, stream.number, stream.progress)
            return True

        is_changed = await self._changes.make(change)
        if is_changed is None:
            raise StreamOwnedElsewhere(stream.definition.stream_id)
        return replace(stream, revision=stream.revision + 1) if is_changed else None

    async def delete(self, context: str, stream_id: str) -> bool:
        """Remove a stream; False when there is none of that id."""
        key = (self._known.id_of(context), stream_id)

        def change(cursor: apsw.Cursor) -> bool:
            removed = fetch_all(cursor, _SQL["remove"], key)
            for row in removed:
                cursor.execute(_SQL["remove_segments"], row)
            return bool(removed)

        return await self._changes.make(change)

    async def count(self) -> int:
        """How many streams there are in all contexts."""
        rows: list[tuple[int]] = await self._readers.run(
            lambda connection: fetch_all(connection, _SQL["count"])
        )
        return rows[0][0]

    async def _read(self, context: str, stream_id: str | None) -> Sequence[StoredStream]:
        key = (self._known.id_of(context), stream_id)
        rows: list[Any] = await self._readers.run(
            lambda connection: fetch_all(connection, _SQL["all"], key)
        )
        return [_stored_stream(*row) for row in rows]


def _add_segments(cursor: apsw.Cursor, number: int, progress: StreamProgress) -> None:
    rows = [
        (number, segment, each.next_token, each.error)
        for segment, each in enumerate(progress.segments)
    ]
    _ADD_SEGMENTS.write(cursor, rows)


def _is_owned(cursor: apsw.Cursor, stream: StoredStream) -> bool:
    return holds_lease(cursor, stream_lease(stream.number), stream.fence)


def _save(cursor: apsw.Cursor, stream: StoredStream) -> bool:
    if not _is_owned(cursor, stream):
        return False
    progress = stream.progress
    layouts = (_layouts_text(progress.handled), _layouts_text(progress.replayed))
    cursor.execute(_SQL["save_layouts"], (stream.number, stream.revision, *layouts))
    for segment, each in enumerate(progress.segments):
        row = (stream.number, segment, stream.revision, each.next_token, each.error)
        cursor.execute(_SQL["save_segment"], row)
    return True


def _stored_stream(number: int, revision: int, *columns: str) -> StoredStream:
    stream_id, name, policy_name, parameters, filter_text, *progress = columns
    handled, replayed, segments = map(json.loads, progress)
    return StoredStream(
        number,
        revision,
        StreamDefinition(stream_id, name, policy_name, tuple(json.loads(parameters)), filter_text),
        StreamProgress(
            tuple(SegmentProgress(next_token, error) for next_token, error in segments),
            _layouts(handled),
            _layouts(replayed),
        ),
    )


def _layouts_text(layouts: Iterable[Reached]) -> str:
    return json.dumps([layout.next_tokens for layout in layouts])


def _layouts(lists: Iterable[Sequence[int]]) -> tuple[Reached, ...]:
    return tuple(Reached(tuple(next_tokens)) for next_tokens in lists)
