"""How far a stream has come, segment by segment, and what a reset or another number of segments
makes of that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ranvier.events.streams.errors import StreamUnsettled
from ranvier.events.streams.sequencing import segment_of

LAYOUTS_AT_MOST: Final = 8
"""Earlier layouts that are remembered of a stream: each is looked at for every event."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the segments of an earlier layout had come: the next token of each."""

    next_tokens: tuple[int, ...]

    def covers(self, token: int, key_hash: int) -> bool:
        """Tell whether an event had been handled then."""
        return token < self.next_tokens[segment_of(key_hash, len(self.next_tokens))]

    @property
    def highest(self) -> int:
        """The token from which on nothing had been handled."""
        return max(self.next_tokens)


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """The token that a segment goes on with, and what its last consumer failed on."""

    next_token: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """Where each segment goes on, what of that is handled already, and what is a replay."""

    segments: tuple[SegmentProgress, ...]
    handled: tuple[Reached, ...] = ()
    replayed: tuple[Reached, ...] = ()

    @property
    def reached(self) -> Reached:
        """How far the segments have come."""
        return Reached(tuple(segment.next_token for segment in self.segments))

    def is_handled(self, token: int, key_hash: int) -> bool:
        """Tell whether an event was handled before the number of segments changed."""
        return any(layout.covers(token, key_hash) for layout in self.handled)

    def is_replay(self, token: int, key_hash: int) -> bool:
        """Tell whether an event was handled before a reset."""
        return any(layout.covers(token, key_hash) for layout in self.replayed)


def fresh(segment_count: int, next_token: int) -> StreamProgress:
    """Return the progress of a new stream."""
    return StreamProgress((SegmentProgress(next_token),) * segment_count)


def resized(progress: StreamProgress, segment_count: int, stream_id: str) -> StreamProgress:
    """Return the progress with another number of segments.

    All start where the slowest stood. What the others have handled beyond is remembered, so that
    it does not come again.

    Raises:
        StreamUnsettled: too many earlier layouts are not overtaken yet.
    """
    if segment_count == len(progress.segments):
        return progress
    lowest = min(progress.reached.next_tokens)
    handled = _not_overtaken((*progress.handled, progress.reached), lowest)
    if len(handled) > LAYOUTS_AT_MOST:
        raise StreamUnsettled(stream_id)
    return replace(fresh(segment_count, lowest), handled=handled, replayed=progress.replayed)


def reset(progress: StreamProgress, next_token: int) -> StreamProgress:
    """Return the progress after a reset: everything from a token on, what was handled as replay."""
    replayed = _not_overtaken((*progress.replayed, *progress.handled, progress.reached), next_token)
    if len(replayed) > LAYOUTS_AT_MOST:
        # Less exact, but never taken for new: all up to the furthest place ever reached.
        replayed = (Reached((max(layout.highest for layout in replayed),)),)
    return replace(fresh(len(progress.segments), next_token), replayed=replayed)


def settled(progress: StreamProgress) -> StreamProgress:
    """Return the progress without the earlier layouts that all segments have overtaken."""
    lowest = min(progress.reached.next_tokens)
    return replace(
        progress,
        handled=_not_overtaken(progress.handled, lowest),
        replayed=_not_overtaken(progress.replayed, lowest),
    )


def _not_overtaken(layouts: Iterable[Reached], lowest: int) -> tuple[Reached, ...]:
    return tuple(dict.fromkeys(layout for layout in layouts if layout.highest > lowest))
