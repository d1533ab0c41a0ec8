"""The database as the nodes see it: a log behind one lock, keys of appends, and rows.

It does what the functions in SQL do, in the order in which requests get the lock. A transaction
that was begun goes on when its connection is lost, and a request may arrive late.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ranvier.events.append import Accepted, Append
from ranvier.events.criterion import Criterion
from ranvier.events.event import NewEvent
from ranvier.events.facts import NO_EVENTS, NO_MATCH, Facts, Needs
from tests.support.checkers.history import FencedWrite
from tests.support.simulation.configuration_rows import ConfigurationRows
from tests.support.simulation.rows import LeaseRows, NodeRows
from tests.support.simulation.token_rows import TokenRows
from tests.support.simulation.world import Connection, Party, World

COMMIT_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class DecidedAppend:
    """An append that was accepted, and the places of those before it that it stands on."""

    append: Append
    stands_on: Sequence[int]


class KeyIsThere(Exception):
    """The transaction met an append that is stored already, and nothing of it was stored."""


class ModelDatabase(Party):
    """Durable: what was committed survives every kill."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "database")
        self.log: list[NewEvent] = []
        self.keys: dict[bytes, Accepted] = {}
        self.nodes = NodeRows(world)
        self.tokens = TokenRows(world)
        self.configuration = ConfigurationRows()
        self.leases = LeaseRows()
        self.believers: list[FencedWrite] = []
        """Who believed to hold the lease when he did something, which nobody checks."""
        self.idle_share = 0.0
        """Of the requests, those that the server has and does not read for a while."""
        self._last_sequences: dict[str, int] = {}
        self._by_criterion: dict[Criterion, list[int]] = {}
        self._free_at = 0.0

    def ask(
        self,
        connection: Connection,
        question: Callable[[], Any],
        answered: Callable[[Any], None],
        *,
        under_lock: bool = False,
    ) -> None:
        """Take a request that has just arrived; its answer goes back on the connection."""
        wait = 0.0
        if under_lock:
            self._free_at = max(self._free_at, self.world.now) + COMMIT_SECONDS
            wait = self._free_at - self.world.now
        self.after(wait, self._answer, connection, question, answered)

    def facts(self, needs: Needs) -> Facts:
        """Return what a batch must know, as of one moment."""
        return Facts(
            len(self.log),
            {name: self._last_sequences.get(name, NO_EVENTS) for name in needs.aggregate_ids},
            {
                criterion: self._latest_match(criterion, marker)
                for criterion, marker in needs.markers.items()
            },
            frozenset(base for base in needs.base_ids if base in self.keys),
        )

    def append(self, seen_head: int, batch: Sequence[DecidedAppend]) -> list[int | None]:
        """Store a batch that was decided against a head; leave out what something since touches."""
        first_tokens: list[int | None] = []
        since = self.log[seen_head:]
        touched = {event.aggregate_id for event in since}
        if any(one.append.append_id in self.keys for one in batch):
            raise KeyIsThere
        for one in batch:
            is_left_out = (
                any(event.aggregate_id in touched for event in one.append.events)
                or self._is_met_since(one.append, seen_head)
                or any(first_tokens[place - 1] is None for place in one.stands_on)
            )
            first_tokens.append(None if is_left_out else 0)
        for place, one in enumerate(batch):
            if first_tokens[place] is not None:
                first_tokens[place] = self._store(one.append)
        return first_tokens

    def find(self, append_id: bytes) -> Accepted | None:
        """Tell what became of an append."""
        return self.keys.get(append_id)

    def last_sequence(self, aggregate_id: str) -> int:
        """Return the last sequence number of an aggregate."""
        return self._last_sequences.get(aggregate_id, NO_EVENTS)

    def _answer(
        self, connection: Connection, question: Callable[[], Any], answered: Callable[[Any], None]
    ) -> None:
        try:
            answer = question()
        except KeyIsThere as error:
            answer = error
        connection.send(self, answered, answer)

    def _store(self, append: Append) -> int:
        first = len(self.log)
        for token, event in enumerate(append.events, first):
            self.log.append(event)
            if event.aggregate_id is not None:
                self._last_sequences[event.aggregate_id] = event.sequence
            for tag in event.tags:
                self._by_criterion.setdefault(Criterion((tag,)), []).append(token)
        self.keys[append.append_id] = Accepted(first, len(append.events))
        self.world.note(f"stored {append.events[0].data!r} at {first}")
        return first

    def _is_met_since(self, append: Append, seen_head: int) -> bool:
        condition = append.condition
        return condition is not None and any(
            self._latest_match(criterion, max(condition.marker, seen_head)) != NO_MATCH
            for criterion in condition.effective_criteria
        )

    def _latest_match(self, criterion: Criterion, marker: int) -> int:
        tokens = self._by_criterion.get(criterion, [])
        return tokens[-1] if bisect_left(tokens, marker) < len(tokens) else NO_MATCH
