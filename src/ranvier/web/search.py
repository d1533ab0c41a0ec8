"""`/v1/search`: an ad-hoc query over the stored events, as server-sent events.

Axon's users know this stream: `metadata` names the columns, each `row` is one row of the answer,
`done` tells that history is done. Axon's own page gives a `clientToken` and stays on for what
comes; who gives none gets the answer and the end of the stream.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Final

import msgspec
from fastapi import FastAPI, Query
from pydantic import Field

from ranvier.events.query import Answer
from ranvier.services.run_queries import HistoryDone, Question, RunningQuery
from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import WebDependencies
from ranvier.web.event_stream import DONE, KEEP_ALIVE, EventStreamResponse, named_event
from ranvier.web.open_streams import OpenStreams
from ranvier.web.parameters import ContextName

KEEP_ALIVE_SECONDS: Final = 15.0
"""Silence after which a stream says that it lives: proxies cut connections that are silent."""

STREAM_DESCRIPTION: Final = (
    "Server-sent events. `metadata`: an array with the names of the columns. `row`: `idValues`, "
    "`sortValues` and `value`, an object with a member for each column; in a live search a row "
    "replaces an earlier one with the same `idValues`, or takes it away by `deleted`. `done`: "
    "history is done. One named `error` ends a stream early and holds the problem."
)


class SearchQuery(CamelModel):
    """What is searched for."""

    query: Annotated[
        str, Field(description="Text in the query language; none: the newest events.")
    ] = ""
    time_window: Annotated[str, Field(description="One more step, such as `last 2 hours`.")] = ""
    snapshots: Annotated[bool, Field(description="search snapshots instead of events.")] = False
    live: Annotated[
        bool | None,
        Field(description="Go on with what comes; so is it where a clientToken is given."),
    ] = None
    client_token: Annotated[
        str | None, Field(description="Given by pages that show a search; it means `live`.")
    ] = None


class SearchResource:
    """Asks the node's ad-hoc queries."""

    def __init__(self, dependencies: WebDependencies, streams: OpenStreams) -> None:
        self._queries = dependencies.queries
        self._kinds = dependencies.kinds
        self._clock = dependencies.clock
        self._streams = streams

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get(
            "/v1/search",
            tags=["events"],
            summary="Search events",
            response_class=EventStreamResponse,
            status_code=200,
            response_description=STREAM_DESCRIPTION,
        )(self.search)

    async def search(
        self, context: ContextName, query: Annotated[SearchQuery, Query()]
    ) -> EventStreamResponse:
        """Stream the rows of a query: the answer of history, and on request what comes."""
        self._kinds.expect(context, dcb=False)
        is_live = query.client_token is not None if query.live is None else query.live
        question = Question(context, query.query, query.time_window, query.snapshots, is_live)
        return EventStreamResponse(self._blocks(question), self._streams)

    async def _blocks(self, question: Question) -> AsyncGenerator[bytes, None]:
        running: RunningQuery = self._queries.begin(question)
        spoken_at = self._clock()
        parts = running.parts(KEEP_ALIVE_SECONDS)
        try:
            first = await anext(parts)
            yield named_event("metadata", msgspec.json.encode(running.columns)) + block_of(first)
            async for part in parts:
                if isinstance(part, HistoryDone):
                    # The end of a stream that is not live says so by itself.
                    yield DONE if question.live else b""
                elif part:
                    yield block_of(part)
                elif self._clock() - spoken_at < KEEP_ALIVE_SECONDS:
                    continue
                else:
                    yield KEEP_ALIVE
                spoken_at = self._clock()
        finally:
            await parts.aclose()


def block_of(part: Sequence[Answer] | HistoryDone) -> bytes:
    """Return a block with the rows of a part."""
    if isinstance(part, HistoryDone):
        return b""
    return b"".join([named_event("row", msgspec.json.encode(row_of(answer))) for answer in part])


def row_of(answer: Answer) -> dict[str, object]:
    """Return a row in the shape that Axon's users know."""
    row: dict[str, object] = {"idValues": answer.identity}
    if answer.cells is None:
        return row | {"deleted": True}
    return row | {"sortValues": answer.sort_values, "value": answer.cells}
