"""Random batches on two nodes at once: every verdict is right in the log that comes out of it."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ranvier.events.append import Accepted, Append, AppendCondition, LeftOut, Outcome, Refused
from ranvier.events.claim import Claim
from ranvier.events.criterion import Criterion
from ranvier.events.errors import InvalidEvent
from ranvier.events.event import NewEvent
from ranvier.events.scheduled_event import ScheduledEvent
from ranvier.events.tag import Tag
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import all_rows, append, event
from tests.support.postgres_databases import new_database
from tests.support.scale import scaled

NODES: Final = 2
AGGREGATES: Final = ("a", "b", "c")
NAMES: Final = ("Opened", "Closed")
TAGS: Final = tuple(Tag(b"k", b"%d" % number) for number in range(3))
TOKENS: Final = ("t0", "t1", "t2")
MOST_DECISIONS: Final = 50

_contexts = itertools.count()
_numbers = itertools.count()

tags = st.lists(st.sampled_from(TAGS), max_size=2).map(tuple)
names = st.lists(st.sampled_from(NAMES), max_size=1).map(tuple)
conditions = st.builds(
    AppendCondition,
    marker=st.sampled_from([0, 0, 0, 0, 1, 5]),
    criteria=st.lists(st.builds(Criterion, tags=tags, names=names), max_size=2).map(tuple),
)


@dataclass(frozen=True)
class Wish:
    """An append as a client would ask for it; `offset` 0 follows what its node has seen.

    The condition's marker lies so far before the head that the node has seen.
    """

    aggregate_ids: tuple[str | None, ...]
    offset: int
    name: str
    tags: tuple[Tag, ...]
    condition: AppendCondition | None
    stands_on_the_one_before: bool
    claim: str | None


wishes = st.builds(
    Wish,
    aggregate_ids=st.lists(st.sampled_from([*AGGREGATES, None]), min_size=1, max_size=3).map(tuple),
    offset=st.sampled_from([0, 0, 0, 0, 1]),
    name=st.sampled_from(NAMES),
    tags=tags,
    condition=st.none() | conditions,
    stands_on_the_one_before=st.sampled_from([False, False, True]),
    claim=st.sampled_from([None, None, None, *TOKENS]),
)
batches = st.lists(wishes, min_size=1, max_size=6)
plans = st.lists(st.lists(batches, min_size=1, max_size=4), min_size=NODES, max_size=NODES)


class Client:
    """Appends one plan's batches through one node; asks again for what was left out."""

    def __init__(self, node: PostgresDatabase, context: str, claims: dict[str, Claim]) -> None:
        self._node = node
        self._context = context
        self._claims = claims
        self.verdicts: list[tuple[Append, Accepted | Refused]] = []
        self.left_out = 0

    async def run(self, plan: Sequence[Sequence[Wish]]) -> None:
        for wanted in plan:
            await self._until_decided(await self._appends(wanted))

    async def _until_decided(self, appends: list[Append]) -> None:
        for _ in range(MOST_DECISIONS):
            outcomes = await self._node.events.append(self._context, appends)
            again: list[Append] = []
            for one, outcome in zip(appends, outcomes, strict=True):
                self._note(one, outcome, again)
            if not again:
                return
            appends = again
        raise AssertionError(f"no verdict over {appends}")

    def _note(self, one: Append, outcome: Outcome, again: list[Append]) -> None:
        if isinstance(outcome, LeftOut):
            self.left_out += 1
            again.append(one)
        else:
            assert isinstance(outcome, (Accepted, Refused))
            if isinstance(outcome, Refused):  # by the decision, not by an index of the database
                assert type(outcome.error) is not InvalidEvent
            self.verdicts.append((one, outcome))

    async def _appends(self, wanted: Sequence[Wish]) -> list[Append]:
        last = {
            name: await self._node.events.last_sequence(self._context, name) for name in AGGREGATES
        }
        head = await self._node.events.head(self._context)
        appends: list[Append] = []
        for wish in wanted:
            made = append(*_events(wish, last))
            if wish.condition is not None:
                marker = max(head - wish.condition.marker, -1)
                made = replace(made, condition=replace(wish.condition, marker=marker))
            if wish.stands_on_the_one_before and appends:
                made = replace(made, base=appends[-1].append_id)
            if wish.claim is not None:
                made = replace(made, claim=self._claims[wish.claim])
            appends.append(made)
        return appends


def _events(wish: Wish, last: dict[str, int]) -> list[NewEvent]:
    made = []
    for aggregate_id in wish.aggregate_ids:
        sequence = 0
        if aggregate_id is not None:
            last[aggregate_id] += 1
            sequence = last[aggregate_id] + wish.offset
        data = b"%d" % next(_numbers)
        made.append(event(sequence, aggregate_id, name=wish.name, tags=wish.tags, data=data))
    return made


def judge(rows: Sequence[bytes], verdicts: Sequence[tuple[Append, Accepted | Refused]]) -> None:
    """Hold every verdict against the log: stored once and whole, in order, no condition met."""
    accepted = sorted(
        ((outcome.first_token, one) for one, outcome in verdicts if isinstance(outcome, Accepted)),
        key=lambda stored: stored[0],
    )
    events = [each for _, one in accepted for each in one.events]
    assert rows == [each.data for each in events]  # dense, complete, nothing doubled
    last = dict.fromkeys(AGGREGATES, -1)
    for each in events:
        if each.aggregate_id is not None:
            assert each.sequence == last[each.aggregate_id] + 1
            last[each.aggregate_id] = each.sequence
    stored: set[bytes] = set()
    for first_token, one in accepted:
        assert one.base is None or one.base in stored
        stored.add(one.append_id)
        if one.condition is not None:
            before = events[max(one.condition.marker, 0) : first_token]
            for criterion in one.condition.effective_criteria:
                assert not any(criterion.matches(each.name, each.tags) for each in before)
    used = Counter(one.claim for _, one in accepted if one.claim is not None)
    assert all(count == 1 for count in used.values())


async def play(nodes: Sequence[PostgresDatabase], plan: Sequence[Sequence[Sequence[Wish]]]) -> int:
    """Let each node append its part of a plan at the same time; return how many were left out."""
    context = f"context-{next(_contexts)}"
    await nodes[0].contexts.create(context)
    claims = await claimed(nodes[0], context)
    clients = [Client(node, context, claims) for node in nodes]
    await asyncio.gather(*(client.run(part) for client, part in zip(clients, plan, strict=True)))
    verdicts = [verdict for client in clients for verdict in client.verdicts]
    judge(await all_rows(nodes[1], context), verdicts)
    for one, outcome in verdicts:
        found = await nodes[0].events.find_append(context, one.append_id)
        assert found == (outcome if isinstance(outcome, Accepted) else None)
    used = {one.claim for one, outcome in verdicts if isinstance(outcome, Accepted)} - {None}
    left = (await nodes[0].scheduled_events.counts()).get(context)
    assert (left.waiting if left else 0) == len(TOKENS) - len(used)
    await nodes[0].contexts.delete(context)
    return sum(client.left_out for client in clients)


async def claimed(node: PostgresDatabase, context: str) -> dict[str, Claim]:
    for token in TOKENS:
        await node.scheduled_events.add(context, ScheduledEvent(f"{context}-{token}", 1, event()))
    due = await node.scheduled_events.claim_due("somebody", 2, 2**40, len(TOKENS))
    return {each.scheduled.token.rpartition("-")[2]: each.claim for each in due}


@pytest.mark.soak
def test_what_two_nodes_append_at_once_is_one_right_log() -> None:
    address = new_database()
    nodes = [PostgresDatabase(address) for _ in range(NODES)]
    left_out = 0
    with asyncio.Runner() as runner:
        for node in nodes:
            runner.run(node.start())

        @settings(
            max_examples=scaled(2_000, suite=25),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(plan=plans)
        def run(plan: list[list[list[Wish]]]) -> None:
            nonlocal left_out
            left_out += runner.run(play(nodes, plan))

        run()
        for node in nodes:
            runner.run(node.stop())
    assert left_out > 0, "the nodes never met"


def test_the_judge_sees_what_is_wrong() -> None:
    first, second = append(event(0)), append(event(1))
    right = [(first, Accepted(0, 1)), (second, Accepted(1, 1))]
    judge([b"a/0", b"a/1"], right)
    conditioned = replace(second, condition=AppendCondition(-1))
    for rows, verdicts in (
        ([b"a/0"], right),
        ([b"a/0", b"a/1", b"a/1"], right),
        ([b"a/1", b"a/0"], [(second, Accepted(0, 1)), (first, Accepted(1, 1))]),
        ([b"a/0", b"a/1"], [(first, Accepted(0, 1)), (conditioned, Accepted(1, 1))]),
        ([b"a/0"], [(replace(first, base=b"nobody"), Accepted(0, 1))]),
    ):
        with pytest.raises(AssertionError):
            judge(rows, verdicts)
