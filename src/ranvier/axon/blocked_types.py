"""Payload types that a reader wants left out of its stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ranvier.axon.errors import TooManyBlockedTypes
from ranvier.proto import event_pb2

SKIPS_AT_MOST = 1_000
"""After so many events left out in a row one is sent anyway, so that the reader's token moves."""

TYPES_AT_MOST = 10_000
"""Of one stream: more than an application has event types."""


class BlockedTypes:
    """Decides which events one stream leaves out, by payload type and revision."""

    __slots__ = ("_descriptions", "_names", "_skipped")

    def __init__(self) -> None:
        self._descriptions: set[tuple[str, str]] = set()
        self._names: set[str] = set()
        self._skipped = 0

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(self, descriptions: Iterable[event_pb2.PayloadDescription]) -> None:
        """Leave these types out from now on; `TooManyBlockedTypes` over the bound."""
        for description in descriptions:
            self._descriptions.add((description.type, description.revision))
            self._names.add(description.type)
        if len(self._descriptions) > TYPES_AT_MOST:
            raise TooManyBlockedTypes(TYPES_AT_MOST)

    def leaves_out(self, name: str, row: bytes) -> bool:
        """Tell whether this event is left out; must be asked for every event, in order."""
        if name in self._names and self._skipped < SKIPS_AT_MOST and self._is_blocked(name, row):
            self._skipped += 1
            return True
        self._skipped = 0
        return False

    def _is_blocked(self, name: str, row: bytes) -> bool:
        revision = event_pb2.Event.FromString(row).payload.revision
        return (name, revision) in self._descriptions


def run_to_send(
    blocked: BlockedTypes, names: Sequence[str], rows: Sequence[bytes], start: int, permits: int
) -> tuple[list[int], int]:
    """Return the indices of events to send from `start` on, within the permits, and where to go on.

    An event that is left out takes no permit.
    """
    chosen: list[int] = []
    index = start
    while index < len(rows) and len(chosen) < permits:
        if not blocked.leaves_out(names[index], rows[index]):
            chosen.append(index)
        index += 1
    return chosen, index
