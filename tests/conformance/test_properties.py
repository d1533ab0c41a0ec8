"""Random appends against a simple model: same answers, dense tokens, nothing lost or doubled,
and a replay after a restart that equals the one before."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ranvier.events.append import Accepted, Append, AppendCondition, Refused
from ranvier.events.criterion import Criterion
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from ranvier.storage.database import Database
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import all_rows, append, event
from tests.support.databases import CONTEXT, MakeDatabase, opened
from tests.support.scale import scaled

Result = TypeVar("Result")

TagChange = Callable[[set[Tag]], set[Tag]]
TagCall = Callable[[str, int, Sequence[Tag]], Coroutine[Any, Any, None]]

TAGS = [Tag(b"k", b"%d" % number) for number in range(3)]
NAMES = ["Opened", "Closed"]
AGGREGATES = ["a", "b", "c"]

tags = st.lists(st.sampled_from(TAGS), max_size=2).map(tuple)
criteria = st.builds(
    Criterion, tags=tags, names=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple)
)
conditions = st.builds(
    AppendCondition,
    marker=st.integers(-1, 20),
    criteria=st.lists(criteria, max_size=2).map(tuple),
)


@dataclass(frozen=True)
class Wish:
    """An event as a client would append it; `offset` 0 is the right sequence number."""

    aggregate_id: str | None
    offset: int
    name: str
    tags: tuple[Tag, ...]
    poisonous: bool


wishes = st.builds(
    Wish,
    aggregate_id=st.sampled_from([*AGGREGATES, None]),
    offset=st.sampled_from([0, 0, 0, 0, -1, 1]),
    name=st.sampled_from(NAMES),
    tags=tags,
    poisonous=st.sampled_from([False] * 9 + [True]),
)
wished_appends = st.tuples(st.lists(wishes, max_size=4), st.none() | conditions)


@dataclass
class Model:
    """Everything that was accepted, in order, with the tokens that were promised."""

    events: list[NewEvent] = field(default_factory=list)
    answers: dict[bytes, Accepted] = field(default_factory=dict)
    refused: list[bytes] = field(default_factory=list)

    def last_sequence(self, aggregate_id: str | None) -> int:
        return sum(1 for one in self.events if one.aggregate_id == aggregate_id) - 1

    def takes(self, one: Append) -> bool:
        condition = one.condition
        if condition is not None and any(
            token >= condition.marker
            and (
                not condition.criteria
                or any(each.matches(stored.name, stored.tags) for each in condition.criteria)
            )
            for token, stored in enumerate(self.events)
        ):
            return False
        expected = {name: self.last_sequence(name) + 1 for name in AGGREGATES}
        for new in one.events:
            if "\0" in new.name:
                return False
            if new.aggregate_id is not None:
                if new.sequence != expected[new.aggregate_id]:
                    return False
                expected[new.aggregate_id] += 1
        return True


class StorageMachine(RuleBasedStateMachine):
    """Drives a database and the model with the same appends."""

    make: MakeDatabase

    @initialize(aggregates=st.booleans())
    def open(self, *, aggregates: bool) -> None:
        self.has_aggregates = aggregates
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.model = Model()
        self.made = 0
        self.database: Database = self.run(opened(self.make, Path(self.folder.name)))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @rule(batch=st.lists(wished_appends, max_size=6))
    def append_a_batch(self, batch: list[tuple[list[Wish], AppendCondition | None]]) -> None:
        appends = [append(*self.events_of(chosen), condition=when) for chosen, when in batch]
        outcomes = self.run(self.database.events.append(CONTEXT, appends))
        assert len(outcomes) == len(appends)
        for one, outcome in zip(appends, outcomes, strict=True):
            if self.model.takes(one):
                assert outcome == Accepted(len(self.model.events), len(one.events))
                self.model.answers[one.append_id] = outcome
                self.model.events += one.events
            else:
                assert isinstance(outcome, Refused)
                self.model.refused.append(one.append_id)

    def events_of(self, chosen: list[Wish]) -> list[NewEvent]:
        """Events whose numbers are right if their offsets are, as seen before the batch."""
        following = {name: self.model.last_sequence(name) + 1 for name in AGGREGATES}
        made = []
        for wish in chosen:
            sequence = 0
            aggregate_id = wish.aggregate_id if self.has_aggregates else None
            if aggregate_id is not None:
                sequence = following[aggregate_id] + wish.offset
                following[aggregate_id] += 1
            self.made += 1
            made.append(
                event(
                    sequence,
                    aggregate_id,
                    name="\0" if wish.poisonous else wish.name,
                    tags=wish.tags,
                    data=b"%d" % self.made,
                )
            )
        return made

    @rule()
    def restart(self) -> None:
        self.run(self.database.stop())
        self.database = self.run(opened(self.make, Path(self.folder.name)))

    @rule(place=st.integers(0, 20), changed=st.lists(st.sampled_from(TAGS), max_size=2))
    def add_tags(self, place: int, changed: list[Tag]) -> None:
        self.change_tags(place, lambda held: held | set(changed), self.database.tags.add, changed)

    @rule(place=st.integers(0, 20), changed=st.lists(st.sampled_from(TAGS), max_size=2))
    def remove_tags(self, place: int, changed: list[Tag]) -> None:
        remove = self.database.tags.remove
        self.change_tags(place, lambda held: held - set(changed), remove, changed)

    def change_tags(self, place: int, change: TagChange, call: TagCall, changed: list[Tag]) -> None:
        if place >= len(self.model.events):
            return
        stored = self.model.events[place]
        kept = tuple(sorted(change(set(stored.tags)), key=lambda tag: (tag.key, tag.value)))
        self.model.events[place] = replace(stored, tags=kept)
        self.run(call(CONTEXT, place, changed))
        assert self.run(self.database.tags.of_event(CONTEXT, place)) == list(kept)

    @rule(wanted=st.lists(criteria, max_size=3), first=st.integers(0, 20))
    def read_matching(self, wanted: list[Criterion], first: int) -> None:
        found: list[tuple[int, bytes]] = []
        token = first
        while token < len(self.model.events):
            page = self.run(
                self.database.events.read_matching(
                    CONTEXT, wanted, from_token=token, before_token=2**40, page_bytes=64
                )
            )
            found += page.rows
            token = page.next_token
        assert found == [
            (token, stored.data)
            for token, stored in enumerate(self.model.events)
            if token >= first
            and (not wanted or any(one.matches(stored.name, stored.tags) for one in wanted))
        ]

    @rule(name=st.sampled_from(AGGREGATES), first=st.integers(0, 5))
    def read_aggregate(self, name: str, first: int) -> None:
        page = self.run(
            self.database.events.read_aggregate(
                CONTEXT, name, from_sequence=first, to_sequence=2**63 - 1, page_bytes=1 << 20
            )
        )
        owned = [stored.data for stored in self.model.events if stored.aggregate_id == name]
        assert list(page.rows) == list(enumerate(owned[first:], first))

    @rule()
    def look_appends_up(self) -> None:
        for append_id, answer in self.model.answers.items():
            assert self.run(self.database.events.find_append(CONTEXT, append_id)) == answer
        for append_id in self.model.refused:
            assert self.run(self.database.events.find_append(CONTEXT, append_id)) is None

    @invariant()
    def the_log_is_the_model(self) -> None:
        rows = self.run(all_rows(self.database))
        assert rows == [stored.data for stored in self.model.events]
        for name in AGGREGATES:
            last = self.run(self.database.events.last_sequence(CONTEXT, name))
            assert last == self.model.last_sequence(name)

    def teardown(self) -> None:
        self.run(self.database.stop())
        self.runner.close()
        self.folder.cleanup()


@pytest.mark.soak
def test_random_appends_answer_as_the_model_does(make_database: MakeDatabase) -> None:
    # Where each step is a conversation with a server, the suite takes fewer of them.
    examples = 40 if make_database is SqliteDatabase else 12
    machine = type("Machine", (StorageMachine,), {"make": staticmethod(make_database)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=scaled(2_000, suite=examples),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
