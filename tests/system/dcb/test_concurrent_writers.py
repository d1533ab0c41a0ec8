"""Many writers on overlapping criteria: each verdict is the one of a model that takes one append
after another, and no conflict is missed."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ranvier.events.append import FROM_THE_START, NEVER_CONFLICTS, Accepted, AppendCondition
from ranvier.events.criterion import Criterion
from ranvier.events.errors import ConditionNotMet
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_id import AppendIds
from ranvier.services.source_events import SourceEvents
from ranvier.storage.database import Database
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.databases import CONTEXT, opened
from tests.support.scale import scaled

WRITERS = 32
NAMES = ("Taken", "Freed", "Paid")
TAGS = [Tag(b"seat", b"%d" % number) for number in range(24)] + [Tag(b"all", b"")]


class SequentialModel:
    """Knows the last token of each kind of event, a kind being a name with a set of tags."""

    def __init__(self) -> None:
        self.head = 0
        self.last_tokens: dict[tuple[str, frozenset[Tag]], int] = {}

    def takes(self, condition: AppendCondition) -> bool:
        return not any(
            last >= condition.marker
            and any(
                set(one.tags) <= tags and (not one.names or name in one.names)
                for one in condition.criteria or (Criterion(),)
            )
            for (name, tags), last in self.last_tokens.items()
        )

    def append(self, events: Sequence[NewEvent], condition: AppendCondition) -> Accepted | None:
        """Return where the events are put, None for a refusal."""
        if not self.takes(condition):
            return None
        first = self.head
        for event in events:
            self.last_tokens[event.name, frozenset(event.tags)] = self.head
            self.head += 1
        return Accepted(first, len(events))


class Contest:
    """The writers, the model beside them, and what came of it."""

    def __init__(self, database: Database, seed: int, appends: int) -> None:
        self.choose = random.Random(seed)
        self.left = appends
        self.model = SequentialModel()
        self.source = SourceEvents(database.events)
        ids = AppendIds(lambda: time.time_ns() // 1_000_000, os.urandom)
        self.append = AppendEvents(database.events, ids, lambda *_: None)
        self.accepted = self.refused = self.missed = self.disagreed = 0

    async def write(self) -> None:
        while self.left > 0:
            self.left -= 1
            criteria = tuple(self.criterion() for _ in range(self.choose.choice((1, 1, 2))))
            condition = AppendCondition(await self.marker(criteria), criteria)
            events = [self.event() for _ in range(self.choose.choice((1, 1, 1, 3)))]
            # The sequencer takes appends in the order in which they are handed in, so the model
            # can judge at that moment.
            expected = self.model.append(events, condition)
            try:
                verdict = await self.append.append(CONTEXT, events, condition)
            except ConditionNotMet:
                self.count(None, expected)
            else:
                self.count(verdict, expected)

    def count(self, verdict: Accepted | None, expected: Accepted | None) -> None:
        self.accepted += verdict is not None
        self.refused += verdict is None
        self.missed += verdict is not None and expected is None
        self.disagreed += verdict != expected

    def criterion(self) -> Criterion:
        tags = self.choose.sample(TAGS, self.choose.choice((0, 1, 1, 1, 1, 2)))
        names = self.choose.sample(NAMES, self.choose.choice((0, 0, 1, 2)))
        return Criterion(tuple(tags), tuple(names))

    def event(self) -> NewEvent:
        tags = tuple(self.choose.sample(TAGS, self.choose.choice((0, 1, 1, 2))))
        return NewEvent(self.choose.choice(NAMES), b"event", 0, None, "", 0, tags)

    async def marker(self, criteria: Sequence[Criterion]) -> int:
        kind = self.choose.randrange(10)
        if kind == 0:
            return self.choose.choice((FROM_THE_START, NEVER_CONFLICTS))
        if kind == 1:
            return self.choose.randrange(max(0, self.model.head - 40), self.model.head + 3)
        # As a client does: read what the decision is about, then append on that.
        first = max(0, self.model.head - 10)
        async for page in self.source.source(CONTEXT, criteria, first):
            marker = page.marker
        return marker


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_sequential_model_agrees_on_each_verdict_and_no_conflict_is_missed(
    tmp_path: Path,
) -> None:
    seed = random.randrange(1 << 32)
    appends = scaled(1_000_000, suite=6_000)
    database = await opened(SqliteDatabase, tmp_path)
    contest = Contest(database, seed, appends)
    await asyncio.gather(*(contest.write() for _ in range(WRITERS)))
    await contest.append.stop()
    head = await database.events.head(CONTEXT)
    await database.stop()
    print(
        f"SEED={seed}: {contest.accepted} accepted, {contest.refused} refused,"
        f" conflicts missed {contest.missed}"
    )
    assert contest.accepted + contest.refused >= appends
    assert min(contest.accepted, contest.refused) > appends // 10
    assert (contest.missed, contest.disagreed) == (0, 0)
    assert head == contest.model.head
