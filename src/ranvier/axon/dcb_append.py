"""Append of the DCB event store: one call is one transaction under at most one condition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ranvier.axon.errors import SecondCondition, grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, AppendCondition
from ranvier.events.criterion import Criterion
from ranvier.events.errors import ConditionNotMet, PayloadTooLarge, TooManyEvents
from ranvier.events.event import NewEvent
from ranvier.events.limits import DEFAULT_LIMITS
from ranvier.events.tag import Tag
from ranvier.proto import dcb_pb2
from ranvier.services.append_events import AppendEvents
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

DCB_EVENT_STORE: Final = "io.axoniq.axonserver.grpc.event.dcb.DcbEventStore"


class DcbAppendCall:
    """Gathers the events and the condition of one call; nothing is kept of a cancelled one."""

    def __init__(self, call: ServerCall, append_events: AppendEvents) -> None:
        self._call = call
        self._append_events = append_events
        self._events: list[NewEvent] = []
        self._condition: AppendCondition | None = None
        self._byte_count = 0

    def message_received(self, message: bytes) -> None:
        """Take events, a condition or both; what cannot be taken ends the call."""
        try:
            request = parsed(dcb_pb2.AppendEventsRequest, message)
            self._reserve(len(message), len(request.event))
            if request.HasField("condition"):
                self._take_condition(request.condition)
            self._events.extend(new_tagged_event(each) for each in request.event)
        except RanvierError as error:
            self._release()
            self._call.finish(grpc_error(error))

    def half_closed(self) -> None:
        """Hand everything over as one append and answer when it is decided."""
        events, byte_count = self._events, self._byte_count
        self._events, self._byte_count = [], 0
        self._append_events.append_counted(
            context_of(self._call), events, byte_count, self._answer, self._condition
        )

    def writable(self) -> None:
        """Do nothing: the answer is one short message."""

    def cancelled(self) -> None:
        """Forget what was gathered."""
        self._release()

    def _take_condition(self, condition: dcb_pb2.ConsistencyCondition) -> None:
        if self._condition is not None:
            raise SecondCondition
        self._condition = AppendCondition(
            condition.consistency_marker, criteria_of(condition.criterion)
        )

    def _answer(self, result: Accepted | RanvierError) -> None:
        if isinstance(result, ConditionNotMet):
            # Clients compare the whole text; it carries no code.
            self._call.finish(GrpcError(StatusCode.CANCELLED, str(result)))
        elif isinstance(result, RanvierError):
            self._call.finish(grpc_error(result))
        else:
            self._call.reply(confirmation(result))

    def _reserve(self, byte_count: int, event_count: int) -> None:
        """Count a message against this call's bounds and the node's memory."""
        total = self._byte_count + byte_count
        if total > DEFAULT_LIMITS.append_bytes:
            raise PayloadTooLarge(total, DEFAULT_LIMITS.append_bytes)
        if len(self._events) + event_count > DEFAULT_LIMITS.events_per_append:
            raise TooManyEvents(len(self._events) + event_count, DEFAULT_LIMITS.events_per_append)
        self._append_events.budget.take(byte_count)
        self._byte_count = total

    def _release(self) -> None:
        self._append_events.budget.give_back(self._byte_count)
        self._byte_count = 0
        self._events = []


def confirmation(stored: Accepted) -> bytes:
    """Return the answer to an append: where it is, and the marker for the next condition."""
    return dcb_pb2.AppendEventsResponse(
        sequence_of_the_first_event=stored.first_token,
        transaction_size=stored.count,
        consistency_marker=stored.first_token + stored.count,
    ).SerializeToString()


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
    return tuple(
        Criterion(tags_of(each.tags_and_names.tag), tuple(each.tags_and_names.name))
        for each in criteria
    )


def tags_of(tags: Iterable[dcb_pb2.Tag]) -> tuple[Tag, ...]:
    """Return the tags as values."""
    return tuple(Tag(tag.key, tag.value) for tag in tags)
