"""Reads of one aggregate: its events, its highest sequence number."""

from __future__ import annotations

from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.proto import event_pb2
from ranvier.services.read_events import HIGHEST_SEQUENCE, ReadEvents
from ranvier.wire.grpc.framing import frame_all
from ranvier.wire.grpc.server_call import ServerCall


class Aggregates:
    """The aggregate reads of the event store."""

    def __init__(self, read_events: ReadEvents) -> None:
        self._read_events = read_events

    async def list_aggregate_events(self, call: ServerCall, message: bytes) -> None:
        """Send an aggregate's events in order, the newest snapshot first if that is allowed.

        An unknown aggregate has no events, which is no error. `max_sequence` 0 means no limit.
        Between two pages the client's window is waited for, and no read is open.
        """
        request = parsed(event_pb2.GetAggregateEventsRequest, message)
        pages = self._read_events.aggregate(
            context_of(call),
            request.aggregate_id,
            request.initial_sequence,
            request.max_sequence or HIGHEST_SEQUENCE,
            allow_snapshot=request.allow_snapshots,
        )
        async for rows in pages:
            await call.write_framed(frame_all(rows))

    async def read_highest_sequence(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the sequence number of an aggregate's last event, -1 when there is none."""
        request = parsed(event_pb2.ReadHighestSequenceNrRequest, message)
        sequence = await self._read_events.highest_sequence(context_of(call), request.aggregate_id)
        return event_pb2.ReadHighestSequenceNrResponse(to_sequence_nr=sequence).SerializeToString()
