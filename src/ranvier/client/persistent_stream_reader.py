"""One open persistent stream: what the server signals, and what is told to it by segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.client.codec import Codec
from ranvier.client.error_mapping import translated
from ranvier.client.events_message import StoredEvent
from ranvier.client.typed_calls import READ_MANY
from ranvier.proto import persistent_streams_pb2 as wire
from ranvier.wire.grpc.client_call import ClientCall

CLOSED_CONFIRMED: Final = -45
"""The position by which a client says that it has let go of a segment."""


@dataclass(frozen=True, slots=True)
class SegmentOpened:
    """This client works on a segment from now on; it asks for events by `request`."""

    segment: int


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """A segment was taken away; the client finishes, and says so by `confirm_closed`."""

    segment: int


@dataclass(frozen=True, slots=True)
class SegmentEvent:
    """The next event of a segment; `is_replay` marks one that is sent again after a reset."""

    segment: int
    event: StoredEvent
    is_replay: bool


Signal = SegmentOpened | SegmentClosed | SegmentEvent


class PersistentStreamReader:
    """Iterate over its signals; ConnectionLost ends it, and the server gives its segments away."""

    def __init__(self, call: ClientCall, codec: Codec) -> None:
        self._call = call
        self._codec = codec
        self._waiting: list[Signal] = []

    def __aiter__(self) -> PersistentStreamReader:
        return self

    async def __anext__(self) -> Signal:
        while not self._waiting:
            with translated():
                messages = await self._call.read_many(READ_MANY)
            if not messages:
                raise StopAsyncIteration
            self._waiting = [self._signal(wire.StreamSignal.FromString(m)) for m in messages[::-1]]
        return self._waiting.pop()

    async def request(self, segment: int, count: int) -> None:
        """Ask for so many further events of a segment."""
        await self._write(
            wire.StreamRequest(requests=wire.Requests(segment=segment, requests=count))
        )

    async def acknowledge(self, segment: int, token: int) -> None:
        """Say that the event with this token, and those before it in the segment, are handled."""
        progress = wire.ProgressAcknowledgement(segment=segment, position=token)
        await self._write(wire.StreamRequest(acknowledgeProgress=progress))

    async def confirm_closed(self, segment: int) -> None:
        """Say that nothing of a closed segment is worked on any more."""
        await self.acknowledge(segment, CLOSED_CONFIRMED)

    async def fail(self, segment: int, reason: str) -> None:
        """Say that this client cannot go on with a segment; its status shows the reason."""
        error = wire.SegmentError(segment=segment, error=reason)
        await self._write(wire.StreamRequest(error=error))

    def close(self) -> None:
        """Leave the stream; its segments go to other clients."""
        self._call.half_close()
        self._call.cancel()

    async def _write(self, request: wire.StreamRequest) -> None:
        with translated():
            await self._call.write(request.SerializeToString())

    def _signal(self, signal: wire.StreamSignal) -> Signal:
        kind = signal.WhichOneof("type")
        if kind == "event":
            event = signal.event.event
            stored = StoredEvent(event.event, self._codec, event.token)
            return SegmentEvent(signal.segment, stored, signal.event.replay)
        return SegmentOpened(signal.segment) if kind == "open" else SegmentClosed(signal.segment)
