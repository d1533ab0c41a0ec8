"""`/v1/events`: append events as JSON, read them as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Query
from pydantic import Field

from ranvier.events.errors import TooManyEvents
from ranvier.events.event import NewEvent
from ranvier.events.limits import DEFAULT_LIMITS
from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import WebDependencies
from ranvier.web.errors import InvalidParameter
from ranvier.web.event_blocks import TokenRange, aggregate_blocks, followed_blocks, stored_blocks
from ranvier.web.event_stream import EventStreamResponse
from ranvier.web.in_turns import made_in_turns
from ranvier.web.open_streams import OpenStreams
from ranvier.web.parameters import HIGHEST_NUMBER, ContextName, json_body
from ranvier.web.posted_messages import PostedMessage, PostingRules, decode_messages, new_event
from ranvier.web.posted_schema import POSTED_EVENTS

DEFAULT_MAX_EVENTS: Final = 10_000
HIGHEST_MAX_EVENTS: Final = 2**31 - 1
"""A stream holds one page at a time, however many it sends."""
DEFAULT_TIMEOUT_SECONDS: Final = 3_600
HIGHEST_TIMEOUT_SECONDS: Final = 86_400
"""A day: a reader that wants more asks again from its last token on."""

EVENTS_PER_REQUEST: Final = DEFAULT_LIMITS.events_per_append

STREAM_DESCRIPTION: Final = (
    "Server-sent events. The data of each is one event as JSON: `token` (not with `aggregateId`), "
    "`messageId`, `aggregateId`, `aggregateSequenceNumber`, `aggregateType`, `timestamp`, "
    "`payloadType`, `payloadRevision`, `payload` (text, or base 64 where `payloadEncoding` says "
    "so), `metaData`, and `snapshot` where it is one. The last event is named `done`; one named "
    "`error` ends a stream early and holds the problem."
)


class EventQuery(CamelModel):
    """Which events a reader wants: those of an aggregate, or those from a token on."""

    aggregate_id: Annotated[
        str | None, Field(description="Read this aggregate, in order, and end.")
    ] = None
    initial_sequence: Annotated[
        int, Field(ge=0, le=HIGHEST_NUMBER, description="With aggregateId: where to begin.")
    ] = 0
    allow_snapshots: Annotated[
        bool,
        Field(description="With aggregateId: begin with the newest snapshot, if there is one."),
    ] = True
    tracking_token: Annotated[
        int | None,
        Field(
            ge=0,
            le=HIGHEST_NUMBER,
            description="Read the whole context from this token on (0 where neither is given).",
        ),
    ] = None
    max_events: Annotated[
        int, Field(ge=1, le=HIGHEST_MAX_EVENTS, description="End after so many events.")
    ] = DEFAULT_MAX_EVENTS
    timeout: Annotated[
        int,
        Field(
            ge=0,
            le=HIGHEST_TIMEOUT_SECONDS,
            description="Seconds to wait for events to come; 0 ends with what is stored now.",
        ),
    ] = DEFAULT_TIMEOUT_SECONDS


class Success(CamelModel):
    """Everything is stored and flushed to disk."""

    success: bool = True


class EventsResource:
    """Appends and reads through the services of the node."""

    def __init__(
        self, dependencies: WebDependencies, rules: PostingRules, streams: OpenStreams
    ) -> None:
        self._append = dependencies.append
        self._follow = dependencies.follow
        self._read = dependencies.read
        self._kinds = dependencies.kinds
        self._clock = dependencies.clock
        self._rules = rules
        self._streams = streams

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get(
            "/v1/events",
            tags=["events"],
            summary="Read events",
            response_class=EventStreamResponse,
            status_code=200,
            response_description=STREAM_DESCRIPTION,
        )(self.read)
        app.post(
            "/v1/events",
            tags=["events"],
            summary="Append events: all of one request together, or none",
            openapi_extra=POSTED_EVENTS,
        )(self.append)

    async def read(
        self, context: ContextName, query: Annotated[EventQuery, Query()]
    ) -> EventStreamResponse:
        """Stream the events of an aggregate, or those from a token on as they come."""
        self._kinds.expect(context, dcb=False)
        return EventStreamResponse(self._blocks(context, query), self._streams)

    async def append(
        self, context: ContextName, body: Annotated[bytes, Depends(json_body)]
    ) -> Success:
        """Store the events in their order, with consecutive tokens."""
        self._kinds.expect(context, dcb=False)
        await self._append.append(context, await self._new_events(decode_messages(body)))
        return Success()

    async def _new_events(self, messages: Sequence[PostedMessage]) -> list[NewEvent]:
        """Make the events, and let others have their turn in between."""
        if len(messages) > EVENTS_PER_REQUEST:
            raise TooManyEvents(len(messages), EVENTS_PER_REQUEST)
        return await made_in_turns(messages, partial(self._new_event, len(messages)))

    def _new_event(self, count: int, index: int, message: PostedMessage) -> NewEvent:
        path = f"messages[{index}]." if count > 1 else ""
        return new_event(message, self._rules, path)

    def _blocks(self, context: str, query: EventQuery) -> AsyncIterator[bytes]:
        if query.aggregate_id is not None:
            if query.tracking_token is not None:
                raise InvalidParameter("trackingToken", "cannot be given beside aggregateId")
            return aggregate_blocks(
                self._read,
                context,
                query.aggregate_id,
                query.initial_sequence,
                allow_snapshot=query.allow_snapshots,
            )
        wanted = TokenRange(context, query.tracking_token or 0, query.max_events)
        if query.timeout == 0:
            return stored_blocks(self._read, wanted)
        return followed_blocks(self._follow, wanted, query.timeout, self._clock)
