"""`/v2/dcbEvents`: append DCB events as JSON under a condition, and source them by criteria."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, FastAPI

from ranvier.events.errors import TooManyEvents
from ranvier.events.limits import DEFAULT_LIMITS
from ranvier.web.camel_model import CamelModel
from ranvier.web.dcb_json import dcb_event_to_json
from ranvier.web.dependencies import WebDependencies
from ranvier.web.event_stream import EventStreamResponse, data_line, named_event
from ranvier.web.in_turns import made_in_turns
from ranvier.web.open_streams import OpenStreams
from ranvier.web.parameters import ContextName, json_body
from ranvier.web.posted_dcb import (
    PostedSource,
    condition_of,
    criteria_of,
    decode_append,
    decode_source,
    new_dcb_event,
)
from ranvier.web.posted_dcb_schema import POSTED_APPEND, POSTED_SOURCE
from ranvier.web.posted_messages import PostingRules

EVENTS_PER_REQUEST: Final = DEFAULT_LIMITS.events_per_append

SOURCE_DESCRIPTION: Final = (
    "Server-sent events. The data of each is one event as JSON: `sequence`, `messageId`, "
    "`timestamp`, `payloadType`, `payloadRevision`, `payload` (text, or base 64 where "
    "`payloadEncoding` says so), `metaData`. Then one named `marker` holds `consistencyMarker` for "
    "the next append, and one named `done` ends the stream; one named `error` ends it early and "
    "holds the problem."
)


class Appended(CamelModel):
    """Where the events are, and the marker for the next condition."""

    sequence_of_the_first_event: int
    transaction_size: int
    consistency_marker: int


class DcbEventsResource:
    """Appends and sources through the services of the node."""

    def __init__(
        self, dependencies: WebDependencies, rules: PostingRules, streams: OpenStreams
    ) -> None:
        self._append = dependencies.append
        self._source = dependencies.source
        self._kinds = dependencies.kinds
        self._rules = rules
        self._streams = streams

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.post(
            "/v2/dcbEvents",
            tags=["events"],
            summary="Append DCB events: all of one request together, under its condition, or none",
            openapi_extra=POSTED_APPEND,
        )(self.append)
        app.post(
            "/v2/dcbEvents/source",
            tags=["events"],
            summary="Source DCB events by tags and names",
            response_class=EventStreamResponse,
            status_code=200,
            response_description=SOURCE_DESCRIPTION,
            openapi_extra=POSTED_SOURCE,
        )(self.source)

    async def append(
        self, context: ContextName, body: Annotated[bytes, Depends(json_body)]
    ) -> Appended:
        """Store the events in their order, unless something conflicts with them (409)."""
        self._kinds.expect(context, dcb=True)
        posted = decode_append(body)
        if len(posted.events) > EVENTS_PER_REQUEST:
            raise TooManyEvents(len(posted.events), EVENTS_PER_REQUEST)
        events = await made_in_turns(
            posted.events,
            lambda index, event: new_dcb_event(event, self._rules, f"events[{index}]."),
        )
        stored = await self._append.append(context, events, condition_of(posted.condition))
        return Appended(
            sequence_of_the_first_event=stored.first_token,
            transaction_size=stored.count,
            consistency_marker=stored.first_token + stored.count,
        )

    async def source(
        self, context: ContextName, body: Annotated[bytes, Depends(json_body)]
    ) -> EventStreamResponse:
        """Stream the matching events in order, then the marker."""
        self._kinds.expect(context, dcb=True)
        return EventStreamResponse(self._blocks(context, decode_source(body)), self._streams)

    async def _blocks(self, context: str, wanted: PostedSource) -> AsyncIterator[bytes]:
        criteria = criteria_of(wanted.criteria, "criteria")
        async for page in self._source.source(context, criteria, wanted.from_sequence):
            block = b"".join([data_line(dcb_event_to_json(*row)) for row in page.rows])
            if page.is_last:
                block += named_event("marker", b'{"consistencyMarker":%d}' % page.marker)
            if block:
                yield block
