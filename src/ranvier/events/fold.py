"""The decision over a batch of appends: each is judged on what the ones before it leave behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ranvier.events.append import Accepted, Append, AppendCondition, Decision, Refused
from ranvier.events.claim import Claim
from ranvier.events.criterion import Criterion
from ranvier.events.errors import (
    BaseNotAccepted,
    ClaimLost,
    ConditionNotMet,
    EventError,
    InvalidEvent,
    InvalidSequence,
)
from ranvier.events.event import NewEvent
from ranvier.events.facts import NO_MATCH, Facts
from ranvier.events.tag import Tag


def fold(facts: Facts, appends: Sequence[Append]) -> list[Decision]:
    """Decide the appends in order, against the facts and the accepted appends before each.

    A refused append leaves no trace: what it would have stored is seen by nobody. Accepted ones get
    dense tokens from `facts.head` on.
    """
    batch = _Batch(facts, keep_matches=any(append.condition for append in appends))
    return [batch.decide(append) for append in appends]


class _Batch:
    """The state of a context as the accepted appends so far leave it."""

    __slots__ = (
        "_accepted_ids",
        "_claims",
        "_facts",
        "_head",
        "_keep_matches",
        "_last_sequences",
        "_matches",
    )

    def __init__(self, facts: Facts, *, keep_matches: bool) -> None:
        self._facts = facts
        self._head = facts.head
        self._last_sequences = dict(facts.last_sequences)
        self._accepted_ids: set[bytes] = set()
        self._claims = set(facts.held_claims)
        self._keep_matches = keep_matches
        self._matches = _AcceptedEvents()

    def decide(self, append: Append) -> Decision:
        refusal = (
            self._refuse_identity(append)
            or self._refuse_condition(append.condition)
            or self._refuse_claim(append.claim)
        )
        if refusal is not None:
            return Refused(refusal)
        moved: dict[str, int] = {}
        for event in append.events:
            # One event is the common append: no call per event on this path.
            aggregate_id = event.aggregate_id
            if aggregate_id is not None:
                last = moved.get(aggregate_id)
                if last is None:
                    last = self._last_sequences[aggregate_id]
                if event.sequence != last + 1:
                    return Refused(InvalidSequence(aggregate_id, last + 1, event.sequence))
                moved[aggregate_id] = event.sequence
        return self._accept(append, moved)

    def _refuse_identity(self, append: Append) -> EventError | None:
        if append.append_id in self._accepted_ids:
            return InvalidEvent("append id", "is used twice in one batch: mint one for each append")
        base = append.base
        if base is None or base in self._accepted_ids or base in self._facts.stored_bases:
            return None
        return BaseNotAccepted()

    def _refuse_condition(self, condition: AppendCondition | None) -> EventError | None:
        if condition is None:
            return None
        for criterion in condition.effective_criteria:
            if self._latest_match(criterion) >= max(condition.marker, 0):
                return ConditionNotMet()
        return None

    def _refuse_claim(self, claim: Claim | None) -> EventError | None:
        return None if claim is None or claim in self._claims else ClaimLost(claim.token)

    def _latest_match(self, criterion: Criterion) -> int:
        stored = self._facts.latest_matches[criterion]
        return max(stored, self._matches.latest_match(criterion))

    def _accept(self, append: Append, moved: dict[str, int]) -> Accepted:
        first_token = self._head
        if self._keep_matches:
            self._matches.add(first_token, append.events)
        self._last_sequences.update(moved)
        self._accepted_ids.add(append.append_id)
        if append.claim is not None:
            self._claims.discard(append.claim)
        self._head = first_token + len(append.events)
        return Accepted(first_token, len(append.events))


class _AcceptedEvents:
    """The accepted events of a batch, so indexed that a condition need not look at all of them."""

    __slots__ = ("_by_name", "_by_tag", "_latest")

    def __init__(self) -> None:
        self._latest = NO_MATCH
        self._by_name: dict[str, int] = {}
        self._by_tag: dict[Tag, list[tuple[int, NewEvent]]] = {}

    def add(self, first_token: int, events: Iterable[NewEvent]) -> None:
        for token, event in enumerate(events, first_token):
            self._latest = token
            self._by_name[event.name] = token
            for tag in set(event.tags):
                self._by_tag.setdefault(tag, []).append((token, event))

    def latest_match(self, criterion: Criterion) -> int:
        if criterion.tags:
            for token, event in reversed(self._by_tag.get(criterion.tags[0], ())):
                if criterion.matches(event.name, event.tags):
                    return token
            return NO_MATCH
        if criterion.names:
            return max(self._by_name.get(name, NO_MATCH) for name in criterion.names)
        return self._latest
