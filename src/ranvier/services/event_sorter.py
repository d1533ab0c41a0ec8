"""Tells for each event of a context whether a stream has it, and under which hash."""

from __future__ import annotations

from ranvier.events.query import QueryError
from ranvier.events.streams.definition import StreamDefinition, filter_of
from ranvier.events.streams.sequencing import hash_of, policy_of
from ranvier.services.stream_consumer import EventOf

REMEMBERED_EVENTS = 4_096
"""The segments of a stream are read one by one, mostly at the same place: what one of them has
found out about an event, the others need not."""


class EventSorter:
    """Sorts the events of one stream."""

    def __init__(self, context: str, definition: StreamDefinition, event_of: EventOf) -> None:
        self._context = context
        self._event_of = event_of
        self._policy = policy_of(definition.policy_name, definition.parameters)
        self._filter = filter_of(definition.filter_text)
        self._known: dict[int, int | None] = {}

    def key_hash(self, token: int, row: bytes) -> int | None:
        """Return the hash of an event's sequencing key; None if the filter leaves it out."""
        known = self._known
        if token in known:
            return known[token]
        if len(known) >= REMEMBERED_EVENTS:
            known.clear()
        found = known[token] = self._sort(token, row)
        return found

    def _sort(self, token: int, row: bytes) -> int | None:
        event = self._event_of(self._context, token, row)
        if self._filter is not None:
            try:
                if not self._filter.matches(event):
                    return None
            except QueryError:
                # Too large to be judged within the bounds: its consumers judge, none loses it.
                pass
        return hash_of(self._policy(event))
