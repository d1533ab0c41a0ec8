"""Events that the server appends when their time has come."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ranvier.client.codec import Codec
from ranvier.client.dcb_values import TaggedEvent, wire_dcb_event
from ranvier.client.errors import HubError, InvalidRequest
from ranvier.client.events_message import EventMessage, milliseconds, wire_event
from ranvier.client.typed_calls import Connection, TypedCalls
from ranvier.proto import common_pb2, dcb_pb2, event_pb2

CLASSIC_SERVICE: Final = "io.axoniq.axonserver.grpc.event.EventScheduler"
DCB_SERVICE: Final = "io.axoniq.axonserver.grpc.event.dcb.DcbEventScheduler"


class Scheduler:
    """The scheduled events of the hub's context, classic or DCB as the event is.

    What is scheduled lasts, over a restart of the server too. A DCB event is published without
    tags: the API has no place for them.
    """

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._classic = TypedCalls(connection, CLASSIC_SERVICE)
        self._dcb = TypedCalls(connection, DCB_SERVICE)
        self._codec = codec

    async def schedule(self, time: datetime, event: EventMessage | TaggedEvent) -> str:
        """Have an event appended at a time; returns the token by which that can be changed."""
        instant = milliseconds(time)
        if isinstance(event, TaggedEvent):
            dcb_request = dcb_pb2.ScheduleEventRequest(
                instant=instant, event=self._dcb_event(event)
            )
            return (
                await self._dcb.ask(
                    "ScheduleEvent", dcb_request, dcb_pb2.ScheduleToken, has_effect=True
                )
            ).token
        request = event_pb2.ScheduleEventRequest(
            instant=instant, event=wire_event(event, self._codec)
        )
        return (
            await self._classic.ask(
                "ScheduleEvent", request, event_pb2.ScheduleToken, has_effect=True
            )
        ).token

    async def reschedule(
        self, token: str, time: datetime, event: EventMessage | TaggedEvent
    ) -> str:
        """Put this event and time in the place of what the token stands for; returns the new token.

        An empty token stands for nothing: the event is scheduled.
        """
        instant = milliseconds(time)
        if isinstance(event, TaggedEvent):
            dcb_request = dcb_pb2.RescheduleEventRequest(
                token=token, instant=instant, event=self._dcb_event(event)
            )
            return (
                await self._dcb.ask(
                    "RescheduleEvent", dcb_request, dcb_pb2.ScheduleToken, has_effect=True
                )
            ).token
        request = event_pb2.RescheduleEventRequest(
            token=token, instant=instant, event=wire_event(event, self._codec)
        )
        return (
            await self._classic.ask(
                "RescheduleEvent", request, event_pb2.ScheduleToken, has_effect=True
            )
        ).token

    async def cancel(self, token: str, *, dcb: bool = False) -> None:
        """Append nothing for this token; one that is unknown or done already does no harm.

        `dcb`: the token is of a DCB event.
        """
        if dcb:
            ack = await self._dcb.ask(
                "CancelScheduledEvent",
                dcb_pb2.CancelScheduledEventRequest(token=token),
                common_pb2.InstructionAck,
                has_effect=True,
            )
        else:
            ack = await self._classic.ask(
                "CancelScheduledEvent",
                event_pb2.CancelScheduledEventRequest(token=token),
                common_pb2.InstructionAck,
                has_effect=True,
            )
        if not ack.success:
            raise HubError(ack.error.message or "not cancelled", code=ack.error.error_code)

    def _dcb_event(self, event: TaggedEvent) -> dcb_pb2.Event:
        if event.tags:
            raise InvalidRequest("an event that is scheduled cannot bear tags; leave them out")
        return wire_dcb_event(event, self._codec)
