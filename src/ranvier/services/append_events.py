"""Appends events: decided and committed in batches, answered one by one, then made known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, Append, AppendCondition
from ranvier.events.claim import Claim
from ranvier.events.event import NewEvent
from ranvier.services.append_lookup import AppendLookup
from ranvier.services.append_sequencer import (
    Announce,
    AppendDependencies,
    AppendMeter,
    AppendSequencer,
    Done,
    Unmetered,
    WaitingAppend,
)
from ranvier.services.batch_limits import BatchLimits
from ranvier.services.byte_budget import ByteBudget
from ranvier.services.errors import AppendQueueFull, NodeStopping
from ranvier.storage.event_log import EventLog


class AppendEvents:
    """The one door through which events enter: a sequencer for each context that is written to.

    `mint_append_id` gives 16 bytes that were never given before; `announce` learns of the events
    that were stored, after their appenders were answered.
    """

    def __init__(
        self,
        event_log: EventLog,
        mint_append_id: Callable[[], bytes],
        announce: Announce,
        limits: BatchLimits | None = None,
        lookup: AppendLookup | None = None,
    ) -> None:
        self.limits = limits or BatchLimits()
        self.budget = ByteBudget(self.limits.waiting_bytes)
        self._mint_append_id = mint_append_id
        self._dependencies = AppendDependencies(
            event_log,
            lookup or AppendLookup(event_log, self.limits),
            self.limits,
            self.budget,
            announce,
            Unmetered(),
        )
        self._sequencers: dict[str, AppendSequencer] = {}
        self._is_stopping = False

    def count_with(self, meter: AppendMeter) -> None:
        """Let every append from now on be counted."""
        self._dependencies = replace(self._dependencies, meter=meter)

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Refuse new appends and return when all that were taken are answered."""
        self._is_stopping = True
        for sequencer in list(self._sequencers.values()):
            await sequencer.drain()

    async def append(
        self,
        context: str,
        events: Sequence[NewEvent],
        condition: AppendCondition | None = None,
    ) -> Accepted:
        """Store these events together; raise the `RanvierError` that refused them."""
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self.append_then(context, events, partial(settle, answer), condition)
        return await answer

    def append_then(
        self,
        context: str,
        events: Sequence[NewEvent],
        done: Done,
        condition: AppendCondition | None = None,
    ) -> None:
        """Store these events together and call `done` once, with where they are or why not.

        The form without a task or future for each append. `done` may be called before this
        returns.
        """
        byte_count = sum([len(event.data) for event in events])
        try:
            self.budget.take(byte_count)
        except AppendQueueFull as error:
            done(error)
        else:
            self.append_counted(context, events, byte_count, done, condition)

    def append_counted(
        self,
        context: str,
        events: Sequence[NewEvent],
        byte_count: int,
        done: Done,
        condition: AppendCondition | None = None,
    ) -> None:
        """Do as `append_then` for events whose bytes are taken from the budget already.

        They are given back with the answer, whatever it is.
        """
        append = Append(self._mint_append_id(), tuple(events), condition)
        self._add(context, append, byte_count, done)

    async def publish(self, context: str, event: NewEvent, claim: Claim) -> Accepted:
        """Store one event and delete the claimed row that it stood in, both or neither.

        Raises `ClaimLost` when the claim no longer holds, else as `append`.
        """
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        byte_count = len(event.data)
        self.budget.take(byte_count)
        append = Append(self._mint_append_id(), (event,), claim=claim)
        self._add(context, append, byte_count, partial(settle, answer))
        return await answer

    def _add(self, context: str, append: Append, byte_count: int, done: Done) -> None:
        if self._is_stopping:
            self.budget.give_back(byte_count)
            done(NodeStopping())
            return
        sequencer = self._sequencers.get(context) or self._new_sequencer(context)
        sequencer.add(WaitingAppend(append, byte_count, done))

    def _new_sequencer(self, context: str) -> AppendSequencer:
        self._forget_idle_sequencers()
        sequencer = AppendSequencer(context, self._dependencies)
        self._sequencers[context] = sequencer
        return sequencer

    def _forget_idle_sequencers(self) -> None:
        """Keep no sequencer of contexts that do not exist or are seldom written to."""
        idle = [name for name, sequencer in self._sequencers.items() if sequencer.is_idle]
        for name in idle:
            del self._sequencers[name]


def settle(answer: asyncio.Future[Accepted], result: Accepted | RanvierError) -> None:
    """Give whoever waits for an append its outcome, unless nobody waits any more."""
    if answer.done():
        return
    if isinstance(result, RanvierError):
        answer.set_exception(result)
    else:
        answer.set_result(result)
