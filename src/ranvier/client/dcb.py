"""The event store with dynamic consistency boundaries (DCB): tags in the place of aggregates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from ranvier.client.codec import Codec
from ranvier.client.dcb_sourced import Sourced
from ranvier.client.dcb_tail import DcbTail
from ranvier.client.dcb_values import (
    AppendCondition,
    Appended,
    Criterion,
    SourcedEvent,
    Tag,
    TaggedEvent,
    tags_from,
    wire_criteria,
    wire_tagged,
    wire_tags,
    wire_text,
)
from ranvier.client.events_message import milliseconds
from ranvier.client.typed_calls import Connection, TypedCalls
from ranvier.proto import dcb_pb2

SERVICE: Final = "io.axoniq.axonserver.grpc.event.dcb.DcbEventStore"
SNAPSHOTTED_SERVICE: Final = "io.axoniq.axonserver.grpc.event.dcb.SnapshottedDcbEventStore"
MESSAGE_BYTES: Final = 16 * 1024
"""Of events in one message of an append, but for its last: far below what servers take."""

NewEvent = TaggedEvent | tuple[SourcedEvent, Iterable[Tag]]


class DcbEvents:
    """The events of the hub's context, which was created for DCB."""

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._calls = TypedCalls(connection, SERVICE)
        self._snapshotted = TypedCalls(connection, SNAPSHOTTED_SERVICE)
        self._codec = codec

    async def append(
        self, events: Iterable[NewEvent] | TaggedEvent, condition: AppendCondition | None = None
    ) -> Appended:
        """Append events as one transaction, under a condition if there is one.

        ConsistencyConflict where an event from the marker on meets a criterion: source again, and
        decide again. An event that was sourced elsewhere is given with its tags.
        """
        given = [events] if isinstance(events, TaggedEvent) else events
        answer = await self._calls.send_all(
            "Append", self._requests(given, condition), dcb_pb2.AppendEventsResponse
        )
        return Appended(
            answer.sequence_of_the_first_event, answer.transaction_size, answer.consistency_marker
        )

    def source(self, *criteria: Criterion, start: int = 0) -> Sourced:
        """Read the events that meet one of the criteria, from a position to the head.

        Without criteria: all events. The marker comes with the end.
        """
        request = dcb_pb2.SourceEventsRequest(
            from_sequence=start, criterion=wire_criteria(criteria)
        )
        return Sourced(
            self._calls.read("Source", request, dcb_pb2.SourceEventsResponse), self._codec
        )

    def source_with_snapshot(self, key: str | bytes, *criteria: Criterion) -> Sourced:
        """Read the newest snapshot of a key, then the events behind it that meet a criterion."""
        request = dcb_pb2.SnapshottedSourceRequest(
            snapshot_key=wire_text(key), criterion=wire_criteria(criteria)
        )
        answers = self._snapshotted.read("Source", request, dcb_pb2.SnapshottedSourceEventsResponse)
        return Sourced(answers, self._codec, wire_text(key))

    def stream(self, *criteria: Criterion, start: int = 0) -> DcbTail:
        """Follow the events that meet one of the criteria, without end; see `DcbTail`."""
        return DcbTail(self._calls, self._codec, start, criteria)

    async def head(self) -> int:
        """Return the position that the next event gets."""
        request = dcb_pb2.GetHeadRequest()
        return (await self._calls.ask("GetHead", request, dcb_pb2.GetHeadResponse)).sequence

    async def tail(self) -> int:
        """Return the position of the oldest event."""
        request = dcb_pb2.GetTailRequest()
        return (await self._calls.ask("GetTail", request, dcb_pb2.GetTailResponse)).sequence

    async def sequence_at(self, time: datetime) -> int:
        """Return the position of the first event at or after a time, else the head."""
        request = dcb_pb2.GetSequenceAtRequest(timestamp=milliseconds(time))
        answer = await self._calls.ask("GetSequenceAt", request, dcb_pb2.GetSequenceAtResponse)
        return answer.sequence

    async def tags(self, position: int) -> tuple[Tag, ...]:
        """Return the tags of the event at a position."""
        request = dcb_pb2.GetTagsRequest(sequence=position)
        return tags_from((await self._calls.ask("GetTags", request, dcb_pb2.GetTagsResponse)).tag)

    async def add_tags(self, position: int, *tags: Tag) -> None:
        """Give an event further tags, which criteria find from now on."""
        request = dcb_pb2.AddTagsRequest(sequence=position, tag=wire_tags(tags))
        await self._calls.ask("AddTags", request, dcb_pb2.AddTagsResponse, has_effect=True)

    async def remove_tags(self, position: int, *tags: Tag) -> None:
        """Take tags away from an event; those that it does not bear do no harm."""
        request = dcb_pb2.RemoveTagsRequest(sequence=position, tag=wire_tags(tags))
        await self._calls.ask("RemoveTags", request, dcb_pb2.RemoveTagsResponse, has_effect=True)

    def _requests(
        self, events: Iterable[NewEvent], condition: AppendCondition | None
    ) -> Sequence[dcb_pb2.AppendEventsRequest]:
        requests = []
        if condition is not None:
            wire_condition = dcb_pb2.ConsistencyCondition(
                consistency_marker=condition.marker, criterion=wire_criteria(condition.criteria)
            )
            requests.append(dcb_pb2.AppendEventsRequest(condition=wire_condition))
        chosen: list[dcb_pb2.TaggedEvent] = []
        size_bytes = 0
        for event in events:
            chosen.append(wire_tagged(event, self._codec))
            size_bytes += chosen[-1].ByteSize()
            if size_bytes >= MESSAGE_BYTES:
                requests.append(dcb_pb2.AppendEventsRequest(event=chosen))
                chosen, size_bytes = [], 0
        if chosen:
            requests.append(dcb_pb2.AppendEventsRequest(event=chosen))
        return requests
