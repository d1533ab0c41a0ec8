"""The sequencer of one context: while one batch of appends commits, the next one gathers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Final, Protocol

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, Append, LeftOut, Outcome, Refused, Unknown
from ranvier.events.errors import UnknownContext
from ranvier.events.event import NewEvent
from ranvier.observability.operation import OTHER_CONTEXTS
from ranvier.services.append_lookup import AppendLookup
from ranvier.services.batch_limits import BatchLimits
from ranvier.services.byte_budget import ByteBudget
from ranvier.services.errors import AppendContended
from ranvier.storage.event_log import EventLog

Done = Callable[[Accepted | RanvierError], None]
Announce = Callable[[str, int, Sequence[NewEvent]], None]
"""Told after the answers: context, token of the first event, the events that got dense tokens."""

logger = logging.getLogger("ranvier.services")


HALVED_FROM: Final = 256
"""Appends under way from which a batch takes half of them.

Whoever is answered comes again. If a batch took all that waits, a large one and a small one would
take turns for ever, and while the large one commits there would be little to do.
"""

DECIDED = frozenset({Accepted, Refused})


def counted_context(context: str, error: RanvierError) -> str:
    """Return the name under which a failure counts: names that do not exist share one."""
    return OTHER_CONTEXTS if isinstance(error, UnknownContext) else context


class AppendMeter(Protocol):
    """Counts the appends of each context."""

    def done(self, context: str, count: int, seconds: float) -> None:
        """Count so many events that were stored so long after they came."""

    def failed(self, context: str) -> None:
        """Count an append that was refused."""


class Unmetered:
    """Counts nothing."""

    def done(self, context: str, count: int, seconds: float) -> None:
        """Count nothing."""

    def failed(self, context: str) -> None:
        """Count nothing."""


class WaitingAppend:
    """An append that has not been answered yet."""

    __slots__ = ("append", "byte_count", "came_at", "decisions", "done")

    def __init__(self, append: Append, byte_count: int, done: Done) -> None:
        self.append = append
        self.byte_count = byte_count
        self.done = done
        self.decisions = 0
        self.came_at = perf_counter()


@dataclass(frozen=True, slots=True)
class AppendDependencies:
    """What every sequencer of a node works with."""

    event_log: EventLog
    lookup: AppendLookup
    limits: BatchLimits
    budget: ByteBudget
    announce: Announce
    meter: AppendMeter


class AppendSequencer:
    """Commits the appends of one context, batch by batch, in the order in which they came.

    There is no timer: an idle sequencer commits a batch of one at once, a busy one commits
    hundreds together.
    """

    def __init__(self, context: str, dependencies: AppendDependencies) -> None:
        self._context = context
        self._event_log = dependencies.event_log
        self._lookup = dependencies.lookup
        self._limits = dependencies.limits
        self._budget = dependencies.budget
        self._announce = dependencies.announce
        self._meter = dependencies.meter
        self._waiting: deque[WaitingAppend] = deque()
        self._loop = asyncio.get_running_loop()
        self._looked_up: dict[WaitingAppend, RanvierError | None] = {}
        """Appends that a lost answer has left in doubt, and why they were refused since then."""
        self._is_busy = False
        self._just_decided = 0
        self._drained = asyncio.Event()
        self._settling: asyncio.Task[None] | None = None

    def add(self, waiting: WaitingAppend) -> None:
        """Take an append whose bytes are counted in the budget; it will be answered once."""
        self._waiting.append(waiting)
        if not self._is_busy:
            self._is_busy = True
            self._drained.clear()
            # Not at once: what the same read of a socket brings belongs into the same batch.
            self._loop.call_soon(self._commit_next)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being committed."""
        return not self._is_busy

    async def drain(self) -> None:
        """Return when all that waited is answered; a commit is never cancelled."""
        if self._is_busy:
            await self._drained.wait()

    def _commit_next(self) -> None:
        if not self._waiting:
            self._is_busy = False
            self._just_decided = 0
            self._drained.set()
            return
        batch = self._take_batch()
        decided = partial(self._decided, batch)
        try:
            self._event_log.append_then(
                self._context, [waiting.append for waiting in batch], decided
            )
        except Exception as error:  # every append of the batch is told
            self._loop.call_soon(decided, error)

    def _decided(self, batch: list[WaitingAppend], result: Sequence[Outcome] | Exception) -> None:
        self._just_decided = len(batch)
        outcomes = self._outcomes_of(batch, result)
        if self._looked_up:
            outcomes = self._doubt(batch, outcomes)
        if not DECIDED.issuperset(map(type, outcomes)):
            self._settling = self._loop.create_task(self._settle(batch, outcomes))
        elif self._waiting:
            # The writer gets its next batch first: while it commits, this one is answered.
            self._commit_next()
            self._loop.call_soon(self._answer_all, batch, outcomes)
        else:
            self._answer_all(batch, outcomes)
            self._commit_next()

    def _outcomes_of(
        self, batch: list[WaitingAppend], result: Sequence[Outcome] | Exception
    ) -> Sequence[Outcome]:
        if isinstance(result, RanvierError):
            return [Refused(result)] * len(batch)
        if isinstance(result, Exception):
            logger.error("an append to context %s failed", self._context, exc_info=result)
            return [Unknown()] * len(batch)
        if len(result) != len(batch):
            logger.error("%d appends got %d outcomes", len(batch), len(result))
            return [Unknown()] * len(batch)
        return result

    def _doubt(self, batch: list[WaitingAppend], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Take refusals of what was looked up before for unknown.

        The server may have had the lost message all the time and have stored it after the look-up:
        then it is itself that the append has met. A second look-up tells, for what is refused by
        something else is left out of a message that is older than that.
        """
        doubted: list[Outcome] = []
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Refused) and waiting in self._looked_up:
                self._looked_up[waiting] = outcome.error
                doubted.append(Unknown())
            else:
                doubted.append(outcome)
        return doubted

    def _take_batch(self) -> list[WaitingAppend]:
        waiting, limits = self._waiting, self._limits
        batch: list[WaitingAppend] = []
        event_count = byte_count = 0
        most = limits.appends_per_batch
        under_way = len(waiting) + self._just_decided
        if under_way >= HALVED_FROM:
            most = min(most, (under_way + 1) // 2)
        while waiting and len(batch) < most:
            event_count += len(waiting[0].append.events)
            byte_count += waiting[0].byte_count
            if batch and (
                event_count > limits.events_per_batch or byte_count > limits.bytes_per_batch
            ):
                break
            batch.append(waiting.popleft())
        return batch

    def _answer_all(self, batch: list[WaitingAppend], outcomes: Sequence[Outcome]) -> None:
        """Answer what is decided, then make known what was stored."""
        stored: list[tuple[int, Sequence[NewEvent]]] = []
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Accepted):
                stored.append((outcome.first_token, waiting.append.events))
                self._answer(waiting, outcome)
            elif isinstance(outcome, Refused):
                self._answer(waiting, outcome.error)
        self._make_known(stored)

    async def _settle(self, batch: list[WaitingAppend], outcomes: Sequence[Outcome]) -> None:
        """Answer a batch of which some is left out or unknown; only then comes the next."""
        self._answer_all(batch, outcomes)
        decided = list(zip(batch, outcomes, strict=True))
        again = [waiting for waiting, outcome in decided if isinstance(outcome, LeftOut)]
        lost = [waiting for waiting, outcome in decided if isinstance(outcome, Unknown)]
        try:
            if lost:
                again += await self._look_up(lost)
        finally:
            self._put_first(again)
            self._commit_next()

    async def _look_up(self, lost: list[WaitingAppend]) -> list[WaitingAppend]:
        """Answer what can be found out; return the appends that did not happen."""
        append_ids = [waiting.append.append_id for waiting in lost]
        findings = await self._lookup.find_all(self._context, append_ids)
        again: list[WaitingAppend] = []
        stored: list[tuple[int, Sequence[NewEvent]]] = []
        for waiting, finding in zip(lost, findings, strict=True):
            if finding is None:
                refusal = self._looked_up.setdefault(waiting, None)
                if refusal is None:
                    again.append(waiting)
                else:
                    self._answer(waiting, refusal)
                continue
            self._answer(waiting, finding)
            if isinstance(finding, Accepted):
                stored.append((finding.first_token, waiting.append.events))
        self._make_known(stored)
        return again

    def _make_known(self, stored: list[tuple[int, Sequence[NewEvent]]]) -> None:
        """Announce what was stored; appends with tokens side by side in one announcement."""
        run: list[NewEvent] = []
        first_token = -1
        for token, events in stored:
            if run and token != first_token + len(run):
                self._announce_safely(first_token, run)
                run = []
            if not run:
                first_token = token
            run.extend(events)
        if run:
            self._announce_safely(first_token, run)

    def _announce_safely(self, first_token: int, events: list[NewEvent]) -> None:
        try:
            self._announce(self._context, first_token, events)
        except Exception:
            logger.exception("nobody was told of new events in context %s", self._context)

    def _put_first(self, again: list[WaitingAppend]) -> None:
        """Let these be decided again before all newer ones, unless they were too often."""
        for waiting in reversed(again):
            waiting.decisions += 1
            if waiting.decisions < self._limits.decisions_per_append:
                self._waiting.appendleft(waiting)
            else:
                self._answer(waiting, AppendContended(self._context, waiting.decisions))

    def _answer(self, waiting: WaitingAppend, result: Accepted | RanvierError) -> None:
        self._budget.give_back(waiting.byte_count)
        if self._looked_up:
            self._looked_up.pop(waiting, None)
        if isinstance(result, Accepted):
            self._meter.done(self._context, result.count, perf_counter() - waiting.came_at)
        else:
            self._meter.failed(counted_context(self._context, result))
        try:
            waiting.done(result)
        except Exception:
            logger.exception("the answer to an append to context %s got lost", self._context)
