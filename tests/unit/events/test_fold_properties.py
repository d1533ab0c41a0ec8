"""The fold against a model that stores every event in a list and looks at all of them each time."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.append import Accepted, Append, AppendCondition, Decision
from ranvier.events.criterion import Criterion
from ranvier.events.event import NewEvent
from ranvier.events.facts import NO_EVENTS, NO_MATCH, Facts, needs_of
from ranvier.events.fold import fold
from ranvier.events.tag import Tag

TAGS = [Tag(b"k", b"%d" % number) for number in range(3)]
NAMES = ["Opened", "Closed"]

tags = st.lists(st.sampled_from(TAGS), max_size=3).map(tuple)
events = st.builds(
    NewEvent,
    name=st.sampled_from(NAMES),
    data=st.just(b""),
    time_ms=st.just(0),
    aggregate_id=st.sampled_from(["a", "b", None]),
    aggregate_type=st.just("Order"),
    sequence=st.integers(0, 3),
    tags=tags,
)
criteria = st.builds(
    Criterion, tags=tags, names=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple)
)
conditions = st.builds(
    AppendCondition,
    marker=st.integers(-1, 12) | st.just(2**63 - 1),
    criteria=st.lists(criteria, max_size=2).map(tuple),
)
append_ids = st.integers(0, 9).map(lambda number: number.to_bytes(16, "big"))
appends = st.builds(
    Append,
    append_id=append_ids,
    events=st.lists(events, max_size=3).map(tuple),
    condition=st.none() | conditions,
    base=st.none() | append_ids,
)


@dataclass
class Model:
    """Everything stored so far, in order."""

    events: list[NewEvent] = field(default_factory=list)
    append_ids: set[bytes] = field(default_factory=set)

    def takes(self, append: Append, batch_ids: set[bytes]) -> bool:
        if append.append_id in batch_ids:
            return False
        if append.base is not None and append.base not in self.append_ids:
            return False
        condition = append.condition
        if condition is not None:
            for token, event in enumerate(self.events):
                if token >= condition.marker and (
                    not condition.criteria
                    or any(one.matches(event.name, event.tags) for one in condition.criteria)
                ):
                    return False
        after = list(self.events)
        for event in append.events:
            if event.aggregate_id is not None and event.sequence != 1 + self.last(
                after, event.aggregate_id
            ):
                return False
            after.append(event)
        return True

    def append(self, append: Append) -> None:
        self.events.extend(append.events)
        self.append_ids.add(append.append_id)

    def last(self, stored: list[NewEvent], aggregate_id: str) -> int:
        sequences = [event.sequence for event in stored if event.aggregate_id == aggregate_id]
        return max(sequences, default=NO_EVENTS)

    def facts(self, batch: list[Append]) -> Facts:
        needs = needs_of(batch)
        return Facts(
            len(self.events),
            {one: self.last(self.events, one) for one in needs.aggregate_ids},
            {
                criterion: max(
                    (
                        token
                        for token, event in enumerate(self.events)
                        if token >= marker and criterion.matches(event.name, event.tags)
                    ),
                    default=NO_MATCH,
                )
                for criterion, marker in needs.markers.items()
            },
            frozenset(needs.base_ids & self.append_ids),
        )


@given(st.lists(st.lists(appends, max_size=6), max_size=4))
def test_the_fold_decides_as_the_model_does(batches: list[list[Append]]) -> None:
    model = Model()
    for batch in batches:
        decisions: list[Decision] = fold(model.facts(batch), batch)
        batch_ids: set[bytes] = set()
        for append, decision in zip(batch, decisions, strict=True):
            if model.takes(append, batch_ids):
                assert decision == Accepted(len(model.events), len(append.events))
                model.append(append)
                batch_ids.add(append.append_id)
            else:
                assert not isinstance(decision, Accepted)


@given(st.lists(st.lists(appends, max_size=6), max_size=3))
def test_cutting_a_batch_in_two_changes_no_decision(batches: list[list[Append]]) -> None:
    """What halving a poisoned batch relies on."""
    whole, halved = Model(), Model()
    for batch in batches:
        # An id used again in a later half is the database's to refuse, not the fold's.
        distinct = list({append.append_id: append for append in batch}.values())
        together = fold(whole.facts(distinct), distinct)
        middle = len(distinct) // 2
        apart: list[Decision] = []
        for half in (distinct[:middle], distinct[middle:]):
            decisions = fold(halved.facts(half), half)
            apart += decisions
            for append, decision in zip(half, decisions, strict=True):
                if isinstance(decision, Accepted):
                    halved.append(append)
        for append, decision in zip(distinct, together, strict=True):
            if isinstance(decision, Accepted):
                whole.append(append)
        assert [one for one in together if isinstance(one, Accepted)] == [
            one for one in apart if isinstance(one, Accepted)
        ]
        assert [type(one) for one in together] == [type(one) for one in apart]
