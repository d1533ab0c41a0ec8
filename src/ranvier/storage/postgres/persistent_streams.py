"""The port `PersistentStreams` on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.errors import StreamOwnedElsewhere, TooManyStreams
from ranvier.events.streams.progress import Reached, SegmentProgress, StreamProgress
from ranvier.storage.persistent_streams import StoredStream, stream_lease
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "streams")


class PostgresPersistentStreams:
    """Keeps streams and where their segments stand."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def create(
        self, context: str, definition: StreamDefinition, progress: StreamProgress, limit: int
    ) -> bool:
        """Store a new stream; False if there is one of that id already."""
        rows = await self._tools.write(
            _SQL["create"],
            await self._tools.known.id_of(context),
            definition.stream_id,
            definition.name,
            definition.policy_name,
            json.dumps(definition.parameters),
            definition.filter_text,
            *_progress_columns(progress),
            limit,
        )
        if rows[0][0] == "too many":
            raise TooManyStreams(limit)
        return bool(rows[0][0] == "made")

    async def find(self, context: str, stream_id: str) -> StoredStream | None:
        """The stream of that id; None when there is none."""
        if "\0" in stream_id:  # which no stream has, and about which the server cannot be asked
            return None
        found = await self._read(context, stream_id)
        return found[0] if found else None

    async def list(self, context: str) -> Sequence[StoredStream]:
        """All streams of a context, by id."""
        return await self._read(context, None)

    async def save(self, streams: Sequence[StoredStream]) -> Sequence[int]:
        """Store positions and errors of the segments, in one commit."""
        # Sorted, so that two nodes that save the same streams never wait for each other.
        ordered = sorted(streams, key=lambda stream: stream.number)
        columns = [
            (
                stream_lease(stream.number),
                stream.fence,
                stream.number,
                stream.revision,
                *_progress_columns(stream.progress),
            )
            for stream in ordered
        ]
        rows = await self._tools.write(_SQL["save"], json.dumps(columns))
        return [number for number, is_owned in rows if not is_owned]

    async def change(self, stream: StoredStream) -> StoredStream | None:
        """Store another name, layout or positions; the answer has the next revision."""
        rows = await self._tools.write(
            _SQL["change"],
            stream_lease(stream.number),
            stream.fence,
            stream.number,
            stream.revision,
            stream.definition.name,
            *_progress_columns(stream.progress),
        )
        if rows[0][0] == "moved":
            raise StreamOwnedElsewhere(stream.definition.stream_id)
        return replace(stream, revision=stream.revision + 1) if rows[0][0] == "changed" else None

    async def delete(self, context: str, stream_id: str) -> bool:
        """Remove a stream; False when there is none of that id."""
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.write(_SQL["delete"], context_id, stream_id)
        return bool(rows[0][0])

    async def count(self) -> int:
        """How many streams there are in all contexts."""
        rows = await self._tools.readers.ask(_SQL["count"])
        return int(rows[0][0])

    async def _read(self, context: str, stream_id: str | None) -> Sequence[StoredStream]:
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.readers.ask(_SQL["all"], context_id, stream_id)
        return [_stored_stream(*row) for row in rows]


def _progress_columns(progress: StreamProgress) -> tuple[Any, ...]:
    return (
        _layouts_text(progress.handled),
        _layouts_text(progress.replayed),
        [segment.next_token for segment in progress.segments],
        [segment.error for segment in progress.segments],
    )


def _stored_stream(number: int, revision: int, *columns: Any) -> StoredStream:
    stream_id, name, policy_name, parameters, filter_text, *progress = columns
    handled, replayed, next_tokens, errors = progress
    return StoredStream(
        number,
        revision,
        StreamDefinition(stream_id, name, policy_name, tuple(json.loads(parameters)), filter_text),
        StreamProgress(
            tuple(map(SegmentProgress, next_tokens, errors)),
            _layouts(json.loads(handled)),
            _layouts(json.loads(replayed)),
        ),
    )


def _layouts_text(layouts: Iterable[Reached]) -> str:
    return json.dumps([layout.next_tokens for layout in layouts])


def _layouts(lists: Iterable[Sequence[int]]) -> tuple[Reached, ...]:
    return tuple(Reached(tuple(next_tokens)) for next_tokens in lists)
