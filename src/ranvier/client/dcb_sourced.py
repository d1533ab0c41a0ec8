"""A finite read of the DCB event store: its events, then the marker to decide on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from ranvier.client.codec import Codec
from ranvier.client.dcb_values import SourcedEvent
from ranvier.client.errors import ConnectionLost
from ranvier.client.snapshots import KeyedSnapshot, snapshot_from
from ranvier.proto import dcb_pb2

Answer = dcb_pb2.SourceEventsResponse | dcb_pb2.SnapshottedSourceEventsResponse


@dataclass(frozen=True, slots=True)
class SourcedList:
    """All events of a source at once, and the marker of the condition to append under."""

    events: list[SourcedEvent]
    marker: int
    snapshot: KeyedSnapshot | None = None


class Sourced:
    """Iterate over its events; after the last one `marker` is set.

    With a snapshot, `snapshot` is set before the first event comes.
    """

    def __init__(self, answers: AsyncIterator[Answer], codec: Codec, key: bytes = b"") -> None:
        self._answers = answers
        self._codec = codec
        self._key = key
        self.marker: int | None = None
        """The position from which on a condition looks for conflicts; None until the end."""
        self.snapshot: KeyedSnapshot | None = None

    def __aiter__(self) -> Sourced:
        return self

    async def __anext__(self) -> SourcedEvent:
        while True:
            answer = await anext(self._answers, None)
            match answer and answer.WhichOneof("result"):
                case "event":
                    event = answer.event  # type: ignore[union-attr]  # it has one
                    return SourcedEvent(event.event, self._codec, event.sequence)
                case "snapshot":
                    self.snapshot = self._snapshot(answer)
                case "consistency_marker":
                    self.marker = answer.consistency_marker  # type: ignore[union-attr]  # it has one
                case _:
                    break
        if self.marker is None:
            # Without it nobody knows whether these are all: it must not look like the end.
            raise ConnectionLost("the server ended a source without its marker")
        raise StopAsyncIteration

    async def all(self) -> SourcedList:
        """Read to the end and return everything at once."""
        events = [event async for event in self]
        return SourcedList(events, self.marker or 0, self.snapshot)

    def _snapshot(self, answer: Answer | None) -> KeyedSnapshot | None:
        if not isinstance(answer, dcb_pb2.SnapshottedSourceEventsResponse):
            return None
        return snapshot_from(self._key, None, answer.snapshot, self._codec)
