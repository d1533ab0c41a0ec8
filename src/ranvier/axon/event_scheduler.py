"""The schedulers of classic and of DCB events: kept until their time, then published as appends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ranvier.axon.answering import answering_one
from ranvier.axon.append_event import new_event
from ranvier.axon.dcb_append import new_tagged_event
from ranvier.axon.errors import refuse_large_message
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.events.errors import InvalidEvent
from ranvier.events.event import NewEvent
from ranvier.proto import common_pb2, dcb_pb2, event_pb2
from ranvier.services.schedule_events import ScheduleEvents
from ranvier.wire.grpc.methods import Method
from ranvier.wire.grpc.server_call import ServerCall

EVENT_SCHEDULER: Final = "io.axoniq.axonserver.grpc.event.EventScheduler"
DCB_EVENT_SCHEDULER: Final = "io.axoniq.axonserver.grpc.event.dcb.DcbEventScheduler"

CANCELLED: Final = common_pb2.InstructionAck(success=True).SerializeToString()

ScheduleRequest = event_pb2.ScheduleEventRequest | dcb_pb2.ScheduleEventRequest
RescheduleRequest = event_pb2.RescheduleEventRequest | dcb_pb2.RescheduleEventRequest


class EventScheduler:
    """The calls of `EventScheduler`; `DcbEventScheduler` differs in its messages alone."""

    schedule_type: type[ScheduleRequest] = event_pb2.ScheduleEventRequest
    reschedule_type: type[RescheduleRequest] = event_pb2.RescheduleEventRequest

    def __init__(self, schedule_events: ScheduleEvents) -> None:
        self._schedule_events = schedule_events

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        calls: Mapping[str, Callable[[ServerCall, bytes], Awaitable[bytes]]] = {
            "ScheduleEvent": self.schedule_event,
            "RescheduleEvent": self.reschedule_event,
            "CancelScheduledEvent": self.cancel_scheduled_event,
        }
        return {
            name: answering_one(call, oversized=refuse_large_message)
            for name, call in calls.items()
        }

    async def schedule_event(self, call: ServerCall, message: bytes) -> bytes:
        """Keep an event until its time; answer the token by which it can be called back."""
        request = parsed(self.schedule_type, message)
        token = await self._schedule_events.schedule(
            context_of(call), request.instant, self.event_of(request)
        )
        return schedule_token(token)

    async def reschedule_event(self, call: ServerCall, message: bytes) -> bytes:
        """Call an event back and keep another; without a token, only keep.

        A token under which nothing waits is refused with AXONIQ-2610, and nothing is kept.
        """
        request = parsed(self.reschedule_type, message)
        context, event = context_of(call), self.event_of(request)
        if not request.token:
            return schedule_token(
                await self._schedule_events.schedule(context, request.instant, event)
            )
        return schedule_token(
            await self._schedule_events.reschedule(context, request.token, request.instant, event)
        )

    async def cancel_scheduled_event(self, call: ServerCall, message: bytes) -> bytes:
        """Call an event back; a token under which nothing waits is no error."""
        request = parsed(event_pb2.CancelScheduledEventRequest, message)
        await self._schedule_events.cancel(context_of(call), request.token)
        return CANCELLED

    def event_of(self, request: ScheduleRequest | RescheduleRequest) -> NewEvent:
        """Return the event of a request; refuse a request without one."""
        if not request.HasField("event"):
            raise InvalidEvent("event", "is missing: send the event that is to be published")
        return self.stored_event(request.event.SerializeToString())

    def stored_event(self, event: bytes) -> NewEvent:
        """Return what the store must know of the event."""
        return new_event(event)


class DcbEventScheduler(EventScheduler):
    """The calls of `DcbEventScheduler`."""

    schedule_type = dcb_pb2.ScheduleEventRequest
    reschedule_type = dcb_pb2.RescheduleEventRequest

    def stored_event(self, event: bytes) -> NewEvent:
        """Return what the store must know of the event; the API gives scheduled ones no tags."""
        return new_tagged_event(dcb_pb2.TaggedEvent(event=parsed(dcb_pb2.Event, event)))


def schedule_token(token: str) -> bytes:
    """Return the answer that holds this token; it is the same for both schedulers."""
    return event_pb2.ScheduleToken(token=token).SerializeToString()
