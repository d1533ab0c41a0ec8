"""Stores a batch of appends: read the facts, fold, then one message that does the rest.

Between lock and commit nothing waits for this node: the message holds the whole decision, and the
database leaves out by itself what something newer touches.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ranvier.errors import RanvierError
from ranvier.events.append import (
    Accepted,
    Append,
    Decision,
    LeftOut,
    Outcome,
    Refused,
    Unknown,
)
from ranvier.events.claim import Claim
from ranvier.events.errors import InvalidEvent, UnknownContext
from ranvier.events.facts import Facts, needs_of
from ranvier.events.fold import fold
from ranvier.events.limits import AppendLimits, refuse_append
from ranvier.storage.errors import StorageError
from ranvier.storage.postgres.batch import DecidedBatch, batch_of
from ranvier.storage.postgres.confirmed_heads import ConfirmedHeads
from ranvier.storage.postgres.connections import Connections, Lent, refuse_unconfirmed
from ranvier.storage.postgres.criteria import criterion_fields
from ranvier.storage.postgres.failures import (
    AGAIN,
    LOCK_NOT_AVAILABLE,
    NOT_KNOWN,
    is_poison,
    refused_value,
    state_of,
)
from ranvier.storage.postgres.holders import end_stuck_holders
from ranvier.storage.postgres.hot_heads import HotHeads
from ranvier.storage.seen_heads import SeenHeads
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "events")


@dataclass(frozen=True, slots=True)
class Target:
    """The context that a batch is for."""

    name: str
    context_id: int


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """The facts of a batch, and how often the tags of stored events had changed."""

    facts: Facts
    tag_revision: int
    is_hot: bool = False
    """Whether they were known already, so that a refusal by the database may be their fault."""


class Appending:
    """Appends batches; whoever calls sees to it that one context has one batch under way."""

    def __init__(
        self,
        writers: Connections,
        readers: Connections,
        seen_heads: SeenHeads,
        confirmed: ConfirmedHeads,
        limits: AppendLimits,
    ) -> None:
        self._writers = writers
        self._readers = readers
        self._seen_heads = seen_heads
        self._confirmed = confirmed
        self._limits = limits
        self._hot_heads = HotHeads()

    async def append(self, target: Target, appends: Sequence[Append]) -> Sequence[Outcome]:
        """Decide and store a batch; an error is raised only if nothing of it has been stored."""
        refusals = [refuse_append(append, self._limits) for append in appends]
        if not any(refusals):
            return await self._append_storable(target, appends)
        storable = [append for append, no in zip(appends, refusals, strict=True) if no is None]
        outcomes = iter(await self._append_storable(target, storable))
        return [next(outcomes) if refusal is None else Refused(refusal) for refusal in refusals]

    async def find(self, target: Target, append_id: bytes) -> Accepted | None:
        """Look an append up under the head row, behind every commit that may still bring it."""
        try:
            async with self._writers.lend() as lent:
                rows = await lent.rows(_SQL["find_append"], target.context_id, append_id)
                refuse_unconfirmed(lent)
        except StorageError as error:
            if state_of(error.__cause__ or error) == LOCK_NOT_AVAILABLE:
                await self._end_stuck_holders()
            raise
        row = rows[0]
        if not row["is_known"]:
            raise UnknownContext(target.name)
        return None if row["first_token"] is None else Accepted(row["first_token"], row["count"])

    async def _append_storable(
        self, target: Target, appends: Sequence[Append]
    ) -> Sequence[Outcome]:
        if not appends:
            return []
        hot = self._hot_heads.facts_for(target.context_id, appends)
        if hot is not None:
            # Tags of stored events concern conditions alone, and there is none.
            known, decisions = ReadFacts(hot, 0, is_hot=True), fold(hot, appends)
            if all(isinstance(decision, Accepted) for decision in decisions):
                work = (known, decisions, batch_of(appends, decisions))
                return await self._store(target, appends, work)
        try:
            known = await self._read_facts(target, appends)
        except InvalidEvent as error:  # a question that cannot be asked
            return await self._append_halves(target, appends, error.__cause__ or error)
        decisions = fold(known.facts, appends)
        decided = batch_of(appends, decisions)
        if not decided.batch.accepted:
            return decisions
        return await self._store(target, appends, (known, decisions, decided))

    async def _read_facts(self, target: Target, appends: Sequence[Append]) -> ReadFacts:
        needs = needs_of(appends)
        aggregate_ids, bases = list(needs.aggregate_ids), list(needs.base_ids)
        criteria = json.dumps(
            [
                {"marker": marker, **criterion_fields(criterion)}
                for criterion, marker in needs.markers.items()
            ]
        )
        floor = self._seen_heads.floor(target.context_id)
        rows = await self._readers.ask(
            _SQL["facts"],
            target.context_id,
            aggregate_ids,
            criteria,
            bases,
            [claim.token for claim in needs.claims],
        )
        if not rows or rows[0]["head"] is None:
            raise UnknownContext(target.name)
        head, tag_revision, last_sequences, latest_matches, stored_bases, *held = rows[0]
        self._seen_heads.hold_against(target.name, target.context_id, floor, head)
        facts = Facts(
            head,
            dict(zip(aggregate_ids, last_sequences, strict=True)),
            dict(zip(needs.markers, latest_matches, strict=True)),
            frozenset(stored_bases),
            needs.claims & frozenset(map(Claim, *held)),
        )
        return ReadFacts(facts, tag_revision)

    async def _store(
        self,
        target: Target,
        appends: Sequence[Append],
        work: tuple[ReadFacts, Sequence[Decision], DecidedBatch],
    ) -> Sequence[Outcome]:
        known, decisions, decided = work
        floor = self._seen_heads.floor(target.context_id)
        was_sent = False
        try:
            async with self._writers.lend() as lent:
                was_sent = True
                found_head, first_tokens = await stored_by(lent, target, known, decided, floor)
                refuse_unconfirmed(lent)
        except RanvierError as error:
            if not was_sent:
                raise
            self._hot_heads.forget(target.context_id)
            if known.is_hot and is_poison(error.__cause__ or error):
                self._hot_heads.doubt(target.context_id, len(appends))
                return await self._append_storable(target, appends)
            return await self._failed(target, appends, error)
        if found_head < 0:
            raise UnknownContext(target.name)
        stored = zip(first_tokens, decided.batch.counts, strict=True)
        head = found_head + sum(count for token, count in stored if token is not None)
        self._seen_heads.hold_against(target.name, target.context_id, floor, head)
        if head > found_head:
            self._confirmed.note(target.context_id, head)
        outcomes = outcomes_of(decisions, decided, first_tokens)
        accepted = (
            append
            for append, outcome in zip(appends, outcomes, strict=True)
            if isinstance(outcome, Accepted)
        )
        self._hot_heads.stored(target.context_id, found_head, head, accepted)
        return outcomes

    async def _failed(
        self, target: Target, appends: Sequence[Append], error: RanvierError
    ) -> Sequence[Outcome]:
        cause = error.__cause__ or error
        state = state_of(cause)
        if is_poison(cause):
            return await self._append_halves(target, appends, cause)
        if state in AGAIN:
            if state == LOCK_NOT_AVAILABLE:
                await self._end_stuck_holders()
            return [LeftOut()] * len(appends)
        if state and not state.startswith(NOT_KNOWN):
            raise error
        # No answer, or one that says that the standby was not waited for: nobody can tell yet.
        return [Unknown()] * len(appends)

    async def _end_stuck_holders(self) -> None:
        with suppress(StorageError):  # whoever waits next tries again
            await end_stuck_holders(self._readers)

    async def _append_halves(
        self, target: Target, appends: Sequence[Append], cause: BaseException
    ) -> Sequence[Outcome]:
        if len(appends) == 1:
            return [await self._judge_guilty(target, appends[0], cause)]
        middle = len(appends) // 2
        stored = await self._append_storable(target, appends[:middle])
        try:
            return [*stored, *await self._append_storable(target, appends[middle:])]
        except RanvierError as error:
            return [*stored, *[Refused(error)] * (len(appends) - middle)]

    async def _judge_guilty(self, target: Target, append: Append, cause: BaseException) -> Outcome:
        # An append that is stored already collides with itself: it has happened, once.
        stored = await self.find(target, append.append_id)
        return stored or Refused(refused_value("append", cause))


async def stored_by(
    lent: Lent, target: Target, known: ReadFacts, decided: DecidedBatch, floor: int
) -> tuple[int, Sequence[int | None]]:
    """Store a batch in one message; return the head found and the first token of each append."""
    head, batch = known.facts.head, decided.batch
    if batch.is_one_event:
        # Measured: half the server's and half the driver's time of a batch of one.
        (row,) = await lent.rows(
            _SQL["append_one"], target.context_id, head, floor, *batch.only_event()
        )
        return row[0], [row[0] if row[1] else None]
    (row,) = await lent.rows(
        _SQL["append"], target.context_id, head, known.tag_revision, floor, *batch.parameters()
    )
    return row[0], row[1]


def outcomes_of(
    decisions: Sequence[Decision], decided: DecidedBatch, first_tokens: Sequence[int | None]
) -> Sequence[Outcome]:
    """Put together what was decided and what the database has then stored or left out."""
    outcomes: list[Outcome] = list(decisions)
    left_out: set[int] = set()
    batch = decided.batch
    for place, (index, token) in enumerate(zip(batch.accepted, first_tokens, strict=True), 1):
        if token is None:
            left_out.add(place)
            outcomes[index] = LeftOut()
        else:
            outcomes[index] = Accepted(token, batch.counts[place - 1])
    for index, stands_on in decided.refusals.items():
        if not left_out.isdisjoint(stands_on):
            outcomes[index] = LeftOut()
    return outcomes
