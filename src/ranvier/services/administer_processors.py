"""Steers the event processors that connected clients run, and shows how they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.messages.balance_segments import DEFAULT, moves_to_balance, refuse_strategy
from ranvier.messages.event_processor import ProcessorId, ProcessorInstance
from ranvier.messages.processor_plans import (
    InstructionKind,
    Plan,
    plan_for_all,
    plan_merge,
    plan_move,
    plan_split,
    refuse_unknown,
)
from ranvier.services.cluster_clients import ClusterClients
from ranvier.services.errors import TooManyStrategies
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.services.to_its_end import to_its_end
from ranvier.storage.processor_strategies import ProcessorStrategies

STRATEGIES_LIMIT: Final = 10_000
"""Processors that are balanced for good: each is looked at in every round."""


@dataclass(frozen=True, slots=True)
class ShownProcessor:
    """A processor with all its instances and how it is balanced."""

    processor: ProcessorId
    instances: tuple[ProcessorInstance, ...]
    strategy: str


class AdministerProcessors:
    """The processors of all clients that this node knows, wherever they are connected."""

    def __init__(
        self, clients: ClusterClients, instruct: InstructClients, strategies: ProcessorStrategies
    ) -> None:
        self._clients = clients
        self._instruct = instruct
        self._stored = strategies
        self._strategies: dict[ProcessorId, str] = {}

    async def start(self) -> None:
        """Learn how processors are to be balanced."""
        self._strategies = dict(await self._stored.all())

    async def stop(self) -> None:
        """Nothing is to be finished."""

    async def refresh(self) -> None:
        """Learn what other nodes have chosen since."""
        self._strategies = dict(await self._stored.all())

    @property
    def strategies(self) -> Mapping[ProcessorId, str]:
        """The choices that were made; all other processors have the strategy `default`."""
        return self._strategies

    async def pause(self, processor: ProcessorId) -> InstructionOutcome:
        """Have every instance stop; all must confirm it. Raises `UnknownProcessor`."""
        return await self._tell_all(processor, InstructionKind.PAUSE)

    async def resume(self, processor: ProcessorId) -> InstructionOutcome:
        """Have every instance start; all must confirm it. Raises `UnknownProcessor`."""
        return await self._tell_all(processor, InstructionKind.START)

    async def split(self, processor: ProcessorId) -> InstructionOutcome:
        """Have the largest segment split; raises `UnknownProcessor`, `NoSegmentClaimed`."""
        return await self._follow(processor, plan_split(processor, self.instances(processor)))

    async def merge(self, processor: ProcessorId) -> InstructionOutcome:
        """Have the smallest segment merged with its sibling.

        Raises `UnknownProcessor`, `NoSegmentClaimed` or `OnlyOneSegment`.
        """
        return await self._follow(processor, plan_merge(processor, self.instances(processor)))

    async def move(
        self, processor: ProcessorId, segment_id: int, target_client_id: str
    ) -> InstructionOutcome:
        """Have all instances but the target's release a segment, which the target then claims.

        Raises `UnknownProcessor`, `UnknownTarget` or `NoFreeThread`.
        """
        instances = self.instances(processor)
        plan = plan_move(processor, instances, segment_id, target_client_id)
        return await self._follow(processor, plan)

    async def balance(self, processor: ProcessorId, strategy: str) -> None:
        """Spread the segments now; raises `UnknownStrategy` or `UnknownProcessor`."""
        refusal = refuse_strategy(strategy)
        if refusal is not None:
            raise refusal
        instances = self.instances(processor)
        refuse_unknown(processor, instances)
        for move in moves_to_balance(strategy, instances):
            await self.move(processor, move.segment_id, move.target_client_id)

    @to_its_end
    async def choose_strategy(self, processor: ProcessorId, strategy: str) -> None:
        """Balance a processor in this way from now on, also after a restart.

        Raises `UnknownStrategy`, `UnknownContext` or `TooManyStrategies`. The processor may be
        one that no client runs at the moment.
        """
        refusal = refuse_strategy(strategy)
        if refusal is not None:
            raise refusal
        if strategy == DEFAULT:
            await self._stored.choose(processor, None)
            self._strategies.pop(processor, None)
            return
        if processor not in self._strategies and len(self._strategies) >= STRATEGIES_LIMIT:
            raise TooManyStrategies(STRATEGIES_LIMIT)
        await self._stored.choose(processor, strategy)
        self._strategies[processor] = strategy

    def end_context(self, context: str) -> None:
        """Forget what was chosen for a context that was deleted."""
        for processor in [each for each in self._strategies if each.context == context]:
            del self._strategies[processor]

    def instances(self, processor: ProcessorId) -> Sequence[ProcessorInstance]:
        """Return the instances of a processor, those of the oldest client first."""
        return self._by_processor(processor.context).get(processor, ())

    def processors(
        self, context: str | None = None, component_name: str | None = None
    ) -> list[ShownProcessor]:
        """Return the processors of a context, or of all; those that a component runs, or all."""
        return [
            ShownProcessor(processor, tuple(instances), self._strategies.get(processor, DEFAULT))
            for processor, instances in self._by_processor(context).items()
            if component_name in (None, *[each.component_name for each in instances])
        ]

    def _by_processor(self, context: str | None) -> dict[ProcessorId, list[ProcessorInstance]]:
        found: dict[ProcessorId, list[ProcessorInstance]] = {}
        for client in self._clients.clients():
            if client.processors and context in (None, client.context):
                who = client.identity
                for status in self._clients.processors_of(client):
                    key = ProcessorId(client.context, status.name, status.token_store_identifier)
                    found.setdefault(key, []).append(
                        ProcessorInstance(client, who.client_id, who.component_name, status)
                    )
        return found

    async def _tell_all(self, processor: ProcessorId, kind: InstructionKind) -> InstructionOutcome:
        instances = self.instances(processor)
        return await self._follow(processor, plan_for_all(processor, instances, kind))

    async def _follow(self, processor: ProcessorId, plan: Plan) -> InstructionOutcome:
        """Follow a plan, then ask the instances how they do, so that nobody sees old news."""
        outcome = await self._instruct.follow(plan)
        instances = self.instances(processor)
        if plan and instances:
            self._instruct.tell(plan_for_all(processor, instances, InstructionKind.TELL))
        return outcome
