"""What a persistent stream needs of those who consume it, and of the events that they get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ranvier.errors import RanvierError
from ranvier.events.query import Row
from ranvier.events.streams.sequencing import SequencedEvent


class StreamConsumer(Protocol):
    """One client that has opened a stream; nothing here waits or raises."""

    @property
    def client_id(self) -> str:
        """Who it says it is."""

    @property
    def may_take(self) -> bool:
        """Whether there is room for more events on their way to it."""

    def segment_opened(self, segment: int) -> None:
        """Tell that a segment is given."""

    def segment_closed(self, segment: int) -> None:
        """Tell that a segment is taken away."""

    def deliver(self, segment: int, token: int, row: bytes, *, is_replay: bool) -> None:
        """Send an event of a segment that is open."""

    def end(self, error: RanvierError) -> None:
        """End the call; the stream has let go of the consumer already."""


class StreamEvent(Row, SequencedEvent, Protocol):
    """A stored event as policies and filters see it; it is looked into when they ask."""


EventOf = Callable[[str, int, bytes], StreamEvent]
"""Makes an event of a context's name, a token and a stored message."""
