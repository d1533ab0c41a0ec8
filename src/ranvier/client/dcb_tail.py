"""Follows the events of a DCB context that meet a criterion, over lost connections."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.client.codec import Codec
from ranvier.client.dcb_values import Criterion, SourcedEvent, wire_criteria
from ranvier.client.error_mapping import error_from_grpc
from ranvier.client.errors import ConnectionLost, HubError
from ranvier.client.resuming import Resuming
from ranvier.client.typed_calls import READ_MANY, TypedCalls
from ranvier.proto import dcb_pb2
from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.status import GrpcError


class DcbTail:
    """The events from a position on, each once and in order, without end; for one reader.

    A lost connection is found again by itself, and the stream goes on behind the last event that
    was delivered. `position` is where it goes on.
    """

    def __init__(
        self, calls: TypedCalls, codec: Codec, position: int, criteria: Sequence[Criterion]
    ) -> None:
        self.position = position
        self._calls = calls
        self._codec = codec
        self._criteria = wire_criteria(criteria)
        self._resuming = Resuming()
        self._call: ClientCall | None = None
        self._waiting: list[SourcedEvent] = []

    def __aiter__(self) -> DcbTail:
        return self

    async def __anext__(self) -> SourcedEvent:
        await self._fill()
        return self._waiting.pop()

    async def batch(self, limit: int) -> list[SourcedEvent]:
        """Return the events that are there, at most so many; wait while there is none."""
        await self._fill()
        events = self._waiting[: -limit - 1 : -1]
        del self._waiting[-limit:]
        return events

    async def aclose(self) -> None:
        """Leave the stream."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    async def _fill(self) -> None:
        while not self._waiting:
            try:
                call = self._call or await self._open()
                self._waiting = await self._read(call)
            except HubError as error:
                await self.aclose()
                await self._resuming.wait_after(error)

    async def _open(self) -> ClientCall:
        request = dcb_pb2.StreamEventsRequest(from_sequence=self.position, criterion=self._criteria)
        self._call = call = await self._calls.open("Stream")
        try:
            await call.write(request.SerializeToString())
        except GrpcError as error:
            raise error_from_grpc(error) from error
        call.half_close()
        return call

    async def _read(self, call: ClientCall) -> list[SourcedEvent]:
        """Return what is there, newest first: it is taken from the end."""
        try:
            messages = await call.read_many(READ_MANY)
        except GrpcError as error:
            raise error_from_grpc(error) from error
        if not messages:
            raise ConnectionLost("the server has ended a stream of events that has no end")
        self._resuming.progressed()
        answers = [dcb_pb2.StreamEventsResponse.FromString(each).event for each in messages]
        # No await from here on: whoever gives up waiting has lost nothing.
        self.position = answers[-1].sequence + 1
        return [SourcedEvent(each.event, self._codec, each.sequence) for each in answers[::-1]]
