"""The DCB event store of the Axon API: every call by name, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ranvier.axon.answering import answering_many, answering_one
from ranvier.axon.dcb_append import DcbAppendCall, criteria_of
from ranvier.axon.dcb_frames import EVENT_FIRST, MARKER_SECOND, marker_frame, sequenced_frames
from ranvier.axon.dcb_tags import DcbTags
from ranvier.axon.errors import refuse_large_message
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.events.limits import refuse_criteria
from ranvier.proto import dcb_pb2
from ranvier.services.append_events import AppendEvents
from ranvier.services.follow_events import FollowEvents
from ranvier.services.keep_snapshots import KeepSnapshots
from ranvier.services.read_events import ReadEvents
from ranvier.services.source_events import SourceEvents
from ranvier.services.tag_events import TagEvents
from ranvier.wire.grpc.methods import Method, streaming
from ranvier.wire.grpc.server_call import ServerCall

STREAM_PAGE_BYTES = 128 * 1024
"""Of one read of an endless stream: a slow client holds two of them, no more."""


@dataclass(frozen=True, slots=True)
class DcbServices:
    """The services that the DCB services of the API call."""

    append_events: AppendEvents
    follow_events: FollowEvents
    read_events: ReadEvents
    source_events: SourceEvents
    tag_events: TagEvents
    keep_snapshots: KeepSnapshots
    count_sent: Callable[[str, int], None] = lambda _context, _count: None
    """Told of the events that were sent to readers of a context."""


def dcb_event_store_methods(services: DcbServices) -> Mapping[str, Method]:
    """Return the methods of the DCB event store, by name."""
    events = DcbEvents(services)
    tags = DcbTags(services.tag_events)
    return {
        "Append": streaming(
            lambda call: DcbAppendCall(call, services.append_events),
            oversized=refuse_large_message,
        ),
        "Source": answering_many(events.source),
        "Stream": answering_many(events.stream),
        "GetHead": answering_one(events.get_head),
        "GetTail": answering_one(events.get_tail),
        "GetSequenceAt": answering_one(events.get_sequence_at),
        "AddTags": answering_one(tags.add_tags),
        "RemoveTags": answering_one(tags.remove_tags),
        "GetTags": answering_one(tags.get_tags),
    }


class DcbEvents:
    """The reads of the DCB event store."""

    def __init__(self, services: DcbServices) -> None:
        self._follow_events = services.follow_events
        self._read_events = services.read_events
        self._source_events = services.source_events
        self._count_sent = services.count_sent

    async def source(self, call: ServerCall, message: bytes) -> None:
        """Send the matching events in order, then the marker, then the end.

        Between two pages the client's window is waited for, and no read is open.
        """
        request = parsed(dcb_pb2.SourceEventsRequest, message)
        context = context_of(call)
        criteria = criteria_of(request.criterion)
        async for page in self._source_events.source(context, criteria, request.from_sequence):
            block = sequenced_frames(page.rows, EVENT_FIRST)
            if page.is_last:
                block += marker_frame(page.marker, MARKER_SECOND)
            if block:
                self._count_sent(context, len(page.rows))
                await call.write_framed(block)

    async def stream(self, call: ServerCall, message: bytes) -> None:
        """Send the matching events from a sequence on, for ever; a slow client is waited for."""
        request = parsed(dcb_pb2.StreamEventsRequest, message)
        context = context_of(call)
        criteria = criteria_of(request.criterion)
        refusal = refuse_criteria(criteria)
        if refusal is not None:
            raise refusal
        follower = await self._follow_events.follow(context, request.from_sequence)
        try:
            # The head shows that the stream stands; there may be no event for a long time.
            call.start()
            while not call.is_done:
                follower.rest()
                if follower.has_more:
                    page = await follower.read_matching(criteria, STREAM_PAGE_BYTES)
                    if page.rows:
                        self._count_sent(context, len(page.rows))
                        await call.write_framed(sequenced_frames(page.rows, EVENT_FIRST))
                else:
                    await follower.wait()
        finally:
            self._follow_events.leave(follower)

    async def get_head(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the sequence that the next event will get."""
        parsed(dcb_pb2.GetHeadRequest, message)
        head = await self._read_events.head(context_of(call))
        return dcb_pb2.GetHeadResponse(sequence=head).SerializeToString()

    async def get_tail(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the sequence of the oldest event, 0 when there is none."""
        parsed(dcb_pb2.GetTailRequest, message)
        tail = await self._read_events.first_token(context_of(call))
        return dcb_pb2.GetTailResponse(sequence=tail).SerializeToString()

    async def get_sequence_at(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the sequence of the first event at or after a time; the head if all are before."""
        request = parsed(dcb_pb2.GetSequenceAtRequest, message)
        sequence = await self._read_events.token_at(context_of(call), request.timestamp)
        return dcb_pb2.GetSequenceAtResponse(sequence=sequence).SerializeToString()
