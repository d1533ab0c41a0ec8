"""What this node knows of a context from its own last batches, so that the next one asks nothing.

The database checks under the head row whatever moved since the head that a decision was made
against. So facts of a moment ago serve as well as those that would be read now, if they hold for
that head: where they do not lead to a clear yes, the facts are read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ranvier.events.append import Append
from ranvier.events.facts import NO_EVENTS, Facts

SMALL_BATCH: Final = 32
"""Appends of a batch that is soon stored again if what was believed was wrong."""

DOUBT_SECONDS: Final = 2.0
"""After a larger batch was refused for that: for so long the facts of larger ones are read."""

AGGREGATES_MOST: Final = 4_096
"""Aggregates remembered for each context, those appended to last; at times twice as many."""

CONTEXTS_MOST: Final = 256
"""Contexts remembered, those appended to last."""

SECONDS_MOST: Final = 2.0
"""How old a head may be: the database looks at all events since, while it holds the head row."""


@dataclass(slots=True)
class HotHead:
    """A head and the last sequence numbers of some aggregates as of it."""

    head: int
    at: float
    last_sequences: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    """Those of the aggregates appended to longest ago."""

    def last_of(self, aggregate_id: str) -> int:
        """Return the last sequence number of an aggregate, -1 for one that is not known."""
        last = self.last_sequences.get(aggregate_id)
        return self.before.get(aggregate_id, NO_EVENTS) if last is None else last

    def remember(self, appends: Iterable[Append]) -> None:
        """Take the sequence numbers of events that are stored now."""
        for append in appends:
            for event in append.events:
                if event.aggregate_id is not None:
                    self.last_sequences[event.aggregate_id] = event.sequence
            if len(self.last_sequences) > AGGREGATES_MOST:
                self.before, self.last_sequences = self.last_sequences, {}


class HotHeads:
    """The heads of the contexts that this node appends to."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heads: dict[int, HotHead] = {}
        self._doubted_until: dict[int, float] = {}

    def facts_for(self, context_id: int, appends: Sequence[Append]) -> Facts | None:
        """Return facts that hold for a head of a moment ago; None where too little is known.

        Of an aggregate that is not known and begins with 0 it is taken that it is new; the
        database's own key refuses the batch if it is not.
        """
        hot, now = self._heads.get(context_id), self._clock()
        if hot is None or now - hot.at > SECONDS_MOST:
            return None
        if len(appends) > SMALL_BATCH and now < self._doubted_until.get(context_id, now):
            return None
        last_sequences: dict[str, int] = {}
        for append in appends:
            if append.condition is not None or append.base is not None or append.claim is not None:
                return None
            for event in append.events:
                aggregate_id = event.aggregate_id
                if aggregate_id is None or aggregate_id in last_sequences:
                    continue
                last = hot.last_of(aggregate_id)
                if event.sequence != last + 1:
                    return None
                last_sequences[aggregate_id] = last
        return Facts(hot.head, last_sequences)

    def stored(
        self, context_id: int, found_head: int, head: int, appends: Iterable[Append]
    ) -> None:
        """Take notice of a batch that moved a head, found at one token, to another."""
        hot = self._heads.pop(context_id, None)
        if hot is None or hot.head != found_head:
            # Others have appended in between: of their aggregates nothing is known.
            hot = HotHead(head, 0.0)
        hot.head, hot.at = head, self._clock()
        hot.remember(appends)
        self._heads[context_id] = hot
        if len(self._heads) > CONTEXTS_MOST:
            del self._heads[next(iter(self._heads))]

    def forget(self, context_id: int) -> None:
        """Know nothing: what became of a batch is not certain, or something was not as believed."""
        self._heads.pop(context_id, None)

    def doubt(self, context_id: int, append_count: int) -> None:
        """Know nothing, since the database refused what was believed; a large batch reads first."""
        self.forget(context_id)
        if append_count > SMALL_BATCH:
            if len(self._doubted_until) >= CONTEXTS_MOST:
                self._doubted_until.clear()
            self._doubted_until[context_id] = self._clock() + DOUBT_SECONDS
