"""Gives clients instructions over their control streams and waits for what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Final, cast

from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction, Plan, Step
from ranvier.services.cluster_clients import AnyClient, RemoteClient
from ranvier.services.errors import (
    InstructionFailed,
    InstructionUnanswered,
    InstructionUnsupported,
    NodeStopping,
    ResultLate,
    TooManyInstructions,
)
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.services.keep_clients import ConnectedClient

RESULT_SECONDS: Final = 10.0
"""For so long a client may work on an instruction."""

WAITING_INSTRUCTIONS: Final = 10_000
"""That have been sent and have no result yet: each costs a timer and a future."""

UNSUPPORTED: Final = "AXONIQ-1002"


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """An acknowledgement or a result, as a client sent it."""

    instruction_id: str
    is_success: bool
    error_code: str = ""
    error_message: str = ""


@dataclass(frozen=True, slots=True)
class _Waiting:
    client: ConnectedClient
    outcome: asyncio.Future[InstructionOutcome]


class InstructClients:
    """All instructions of this node that wait for a result."""

    def __init__(
        self, new_instruction_id: Callable[[], str], result_seconds: float = RESULT_SECONDS
    ) -> None:
        self._new_instruction_id = new_instruction_id
        self._result_seconds = result_seconds
        self._waiting: dict[str, _Waiting] = {}
        self._is_stopping = False

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Give no more instructions, and let nobody wait for results."""
        self._is_stopping = True
        for waiting in list(self._waiting.values()):
            _fail(waiting, NodeStopping())

    @property
    def waiting_count(self) -> int:
        """Instructions that have no result yet."""
        return len(self._waiting)

    async def follow(self, plan: Plan) -> InstructionOutcome:
        """Take a plan's steps one after the other; raise what made one of them fail."""
        outcomes = [await self._take(step) for step in plan]
        if InstructionOutcome.ACCEPTED in outcomes:
            return InstructionOutcome.ACCEPTED
        return InstructionOutcome.CONFIRMED

    def tell(self, plan: Plan) -> None:
        """Give instructions whose outcome nobody waits for."""
        for instruction in chain.from_iterable(plan):
            client = cast("AnyClient", instruction.member)
            if isinstance(client, RemoteClient):
                client.way.tell(instruction)
            else:
                client.link.instruct(instruction)

    def acknowledged(self, client: ConnectedClient, answer: ClientAnswer) -> None:
        """Take what a client says on getting an instruction; what it says of others is nothing."""
        waiting = self._waiting.get(answer.instruction_id)
        if waiting is None or waiting.client is not client:
            return
        if not answer.is_success:
            _fail(waiting, refusal(client, answer))
        elif not client.identity.tells_results:
            _settle(waiting, InstructionOutcome.ACCEPTED)

    def completed(self, client: ConnectedClient, answer: ClientAnswer) -> None:
        """Take the result of an instruction; `ResultLate` where nobody waits for it."""
        waiting = self._waiting.get(answer.instruction_id)
        if waiting is None or waiting.client is not client:
            raise ResultLate
        if answer.is_success:
            _settle(waiting, InstructionOutcome.CONFIRMED)
        else:
            _fail(waiting, refusal(client, answer))

    def left(self, client: ConnectedClient) -> None:
        """Fail what a client was asked for that has gone."""
        for waiting in [each for each in self._waiting.values() if each.client is client]:
            client_id = client.identity.client_id
            _fail(waiting, InstructionFailed(client_id, "it has gone"))

    async def _take(self, step: Step) -> InstructionOutcome:
        """Give all instructions of a step at once; wait for every one, then raise the first error.

        Raises `TooManyInstructions`, `NodeStopping`, `InstructionFailed`,
        `InstructionUnsupported` or `InstructionUnanswered`.
        """
        if self._is_stopping:
            raise NodeStopping
        if len(self._waiting) + len(step) > WAITING_INSTRUCTIONS:
            raise TooManyInstructions(WAITING_INSTRUCTIONS)
        results = await asyncio.gather(*map(self.give, step), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if InstructionOutcome.ACCEPTED in results:
            return InstructionOutcome.ACCEPTED
        return InstructionOutcome.CONFIRMED

    async def give(self, instruction: Instruction) -> InstructionOutcome:
        """Give one instruction and wait for what becomes of it; raises what `follow` raises."""
        client = cast("AnyClient", instruction.member)
        if isinstance(client, RemoteClient):
            return await client.way.instruct(instruction)
        instruction_id = self._new_instruction_id()
        outcome: asyncio.Future[InstructionOutcome] = asyncio.get_running_loop().create_future()
        self._waiting[instruction_id] = _Waiting(client, outcome)
        try:
            client.link.instruct(instruction, instruction_id)
            return await asyncio.wait_for(outcome, self._result_seconds)
        except TimeoutError:
            raise InstructionUnanswered(client.identity.client_id, self._result_seconds) from None
        finally:
            del self._waiting[instruction_id]


def refusal(client: ConnectedClient, answer: ClientAnswer) -> RanvierError:
    """Return what the caller is told of a client's refusal."""
    client_id = client.identity.client_id
    if answer.error_code == UNSUPPORTED:
        return InstructionUnsupported(client_id)
    reason = answer.error_message.rstrip(".") or answer.error_code or "it gave no reason"
    return InstructionFailed(client_id, reason)


def _settle(waiting: _Waiting, outcome: InstructionOutcome) -> None:
    if not waiting.outcome.done():
        waiting.outcome.set_result(outcome)


def _fail(waiting: _Waiting, error: RanvierError) -> None:
    if not waiting.outcome.done():
        waiting.outcome.set_exception(error)
