"""A node's sequencer: one batch at a time, decided by the fold, stored by one request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ranvier.events.append import Accepted, Append, Decision, Refused
from ranvier.events.errors import UnknownContext
from ranvier.events.facts import Facts, needs_of
from ranvier.events.fold import fold
from ranvier.storage.postgres.batch import batch_of
from tests.support.simulation.database import DecidedAppend, KeyIsThere, ModelDatabase
from tests.support.simulation.database_link import LOST, DatabaseLink
from tests.support.simulation.mutation import Mutation

Verdict = Accepted | Refused | None
"""None: nobody can tell."""

LOOKUPS_MAX: Final = 60
DECISIONS_MAX: Final = 50
BATCH_MAX: Final = 16


class Waiting:
    """An append that was not answered yet."""

    __slots__ = ("append", "decisions", "done", "refusal", "was_lost")

    def __init__(self, append: Append, done: Callable[[Verdict], None]) -> None:
        self.append = append
        self.done = done
        self.decisions = 0
        self.was_lost = False
        self.refusal: Refused | None = None


class Sequencer:
    """Answers each append once; `stored` learns of each head that was committed here."""

    def __init__(
        self,
        link: DatabaseLink,
        database: ModelDatabase,
        stored: Callable[[int], None],
        mutation: Mutation | None = None,
    ) -> None:
        self._link = link
        self._database = database
        self._stored = stored
        self._mutation = mutation
        self._waiting: deque[Waiting] = deque()
        self._is_busy = False

    def add(self, append: Append, done: Callable[[Verdict], None]) -> None:
        """Take an append."""
        self._waiting.append(Waiting(append, done))
        if not self._is_busy:
            self._next()

    def _next(self) -> None:
        self._is_busy = bool(self._waiting)
        if not self._is_busy:
            return
        batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
        needs = needs_of([each.append for each in batch])
        self._link.ask(
            lambda: self._database.facts(needs), lambda facts: self._decide(batch, facts)
        )

    def _decide(self, batch: list[Waiting], facts: Facts | object) -> None:
        if not isinstance(facts, Facts):
            for each in batch:
                # Nothing was sent: whoever asked may ask again.
                each.done(None)
            self._next()
            return
        appends = [each.append for each in batch]
        decisions = fold(facts, appends)
        laid_out = batch_of(appends, decisions).batch
        stands_on: dict[int, list[int]] = {}
        for place, on in zip(laid_out.dependents, laid_out.dependencies, strict=True):
            stands_on.setdefault(place, []).append(on)
        decided = [
            DecidedAppend(appends[index], stands_on.get(place, ()))
            for place, index in enumerate(laid_out.accepted, 1)
        ]
        if not decided:
            self._settle(batch, decisions, [])
            return
        self._link.ask(
            lambda: self._database.append(facts.head, decided),
            lambda tokens: self._settle(batch, decisions, tokens),
            under_lock=True,
        )

    def _settle(self, batch: list[Waiting], decisions: list[Decision], tokens: Any) -> None:
        if isinstance(tokens, KeyIsThere) or tokens is LOST:
            if self._mutation is Mutation.GUESSES:
                for each in batch:
                    each.done(Refused(UnknownContext("lost")))
                self._next()
            else:
                self._look_up(batch, [], 0)
            return
        first_tokens = iter(tokens)
        again: list[Waiting] = []
        doubted: list[Waiting] = []
        for each, decision in zip(batch, decisions, strict=True):
            if isinstance(decision, Refused):
                if any(token is None for token in tokens):
                    again.append(each)  # it may have been refused for the sake of one left out
                elif each.was_lost and self._mutation is not Mutation.TRUSTS_REFUSALS:
                    each.refusal = decision
                    doubted.append(each)  # it may have met itself, come late
                else:
                    each.done(decision)
                continue
            token = next(first_tokens)
            if token is None:
                again.append(each)
            else:
                self._accept(each, Accepted(token, decision.count))
        if doubted:
            self._look_up(doubted, again, 0)
        else:
            self._put_first(again)

    def _look_up(self, lost: list[Waiting], again: list[Waiting], tries: int) -> None:
        if not lost:
            self._put_first(again)
            return
        one = lost[0]
        one.was_lost = True

        def found(finding: Any) -> None:
            if finding is LOST:
                if tries < LOOKUPS_MAX:
                    self._look_up(lost, again, tries + 1)
                    return
                one.done(None)
            elif finding is not None:
                self._accept(one, finding)
            elif one.refusal is not None:
                one.done(one.refusal)
            else:
                again.append(one)
            self._look_up(lost[1:], again, 0)

        self._link.ask(lambda: self._database.find(one.append.append_id), found, under_lock=True)

    def _put_first(self, again: list[Waiting]) -> None:
        for each in reversed(again):
            each.decisions += 1
            if each.decisions < DECISIONS_MAX:
                self._waiting.appendleft(each)
            else:
                each.done(None)
        self._next()

    def _accept(self, one: Waiting, accepted: Accepted) -> None:
        self._stored(accepted.first_token + accepted.count)
        one.done(accepted)
