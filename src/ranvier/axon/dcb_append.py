"""Append of the DCB event store: one call is one transaction under at most one condition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ranvier.axon.append_call import AppendCall
from ranvier.axon.errors import SecondCondition
from ranvier.axon.messages import parsed
from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, AppendCondition
from ranvier.events.criterion import Criterion
from ranvier.events.errors import ConditionNotMet
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from ranvier.proto import dcb_pb2
from ranvier.wire.grpc.status import GrpcError, StatusCode

DCB_EVENT_STORE: Final = "io.axoniq.axonserver.grpc.event.dcb.DcbEventStore"


class DcbAppendCall(AppendCall):
    """Gathers DCB events and at most one condition, which may come alone and first."""

    __slots__ = ()

    def gather(self, message: bytes) -> None:
        """Take events, a condition or both."""
        request = parsed(dcb_pb2.AppendEventsRequest, message)
        self.reserve(len(message), len(request.event))
        if request.HasField("condition"):
            if self._condition is not None:
                raise SecondCondition
            self._condition = append_condition(request.condition)
        self._events.extend(new_tagged_event(each) for each in request.event)

    def confirmation(self, stored: Accepted) -> bytes:
        """Return the answer: where the events are, and the marker for the next condition."""
        return dcb_pb2.AppendEventsResponse(
            sequence_of_the_first_event=stored.first_token,
            transaction_size=stored.count,
            consistency_marker=stored.first_token + stored.count,
        ).SerializeToString()

    def refused(self, error: RanvierError) -> None:
        """Tell the client why nothing was stored."""
        if isinstance(error, ConditionNotMet):
            # Clients compare the whole text; it carries no code.
            self._call.finish(GrpcError(StatusCode.CANCELLED, str(error)))
        else:
            super().refused(error)


def append_condition(condition: dcb_pb2.ConsistencyCondition) -> AppendCondition:
    """Return the condition as the store judges it."""
    return AppendCondition(condition.consistency_marker, criteria_of(condition.criterion))


def new_tagged_event(tagged: dcb_pb2.TaggedEvent) -> NewEvent:
    """Return what the store must know of a DCB event; it has tags and no aggregate."""
    event = tagged.event
    return NewEvent(
        name=event.name,
        data=event.SerializeToString(),
        time_ms=event.timestamp,
        aggregate_id=None,
        aggregate_type="",
        sequence=0,
        tags=tags_of(tagged.tag),
    )


def criteria_of(criteria: Iterable[dcb_pb2.Criterion]) -> tuple[Criterion, ...]:
    """Return the criteria of a condition; an empty list on either side of one matches all."""
    found: list[Criterion] = []
    for each in criteria:
        # Each look at a field of a message makes an object: one look at each.
        wanted = each.tags_and_names
        found.append(Criterion(tags_of(wanted.tag), tuple(wanted.name)))
    return tuple(found)


def tags_of(tags: Iterable[dcb_pb2.Tag]) -> tuple[Tag, ...]:
    """Return the tags as values."""
    return tuple([Tag(tag.key, tag.value) for tag in tags])
