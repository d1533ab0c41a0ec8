"""Instructions: one outcome each, whatever clients do."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest

from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction, InstructionKind
from ranvier.services import instruct_clients
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.errors import (
    InstructionFailed,
    InstructionUnanswered,
    InstructionUnsupported,
    NodeStopping,
    ResultLate,
    TooManyInstructions,
)
from ranvier.services.instruct_clients import ClientAnswer, InstructClients
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.services.keep_clients import ConnectedClient


@dataclass(eq=False)
class Link:
    sent: asyncio.Queue[tuple[Instruction, str]] = field(default_factory=asyncio.Queue)

    def send_heartbeat(self) -> None:
        raise NotImplementedError

    def ask_to_reconnect(self) -> None:
        raise NotImplementedError

    def close(self, error: RanvierError) -> None:
        raise NotImplementedError

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        self.sent.put_nowait((instruction, instruction_id))


class Connected:
    """A client, and what it was sent."""

    def __init__(self, name: str, version: str = "4.6.1") -> None:
        self.link = Link()
        identity = ClientIdentity(name, "bank", version)
        self.client = ConnectedClient(identity, "default", self.link, 0.0, 0.0)

    def to_pause(self) -> Instruction:
        return Instruction(self.client, InstructionKind.PAUSE, "accounts")

    async def next_id(self) -> str:
        _, instruction_id = await self.link.sent.get()
        return instruction_id


def instructing(seconds: float = 60.0) -> InstructClients:
    numbers = itertools.count()
    return InstructClients(lambda: f"i-{next(numbers)}", seconds)


def done(instruction_id: str) -> ClientAnswer:
    return ClientAnswer(instruction_id, is_success=True)


def failed(instruction_id: str, code: str, message: str = "") -> ClientAnswer:
    return ClientAnswer(instruction_id, is_success=False, error_code=code, error_message=message)


async def test_a_step_goes_out_at_once_and_the_next_waits_for_all() -> None:
    instruct, one, two = instructing(), Connected("one"), Connected("two")
    plan = ((one.to_pause(), two.to_pause()), (one.to_pause(),))
    following = asyncio.create_task(instruct.follow(plan))
    first, second = await one.next_id(), await two.next_id()
    instruct.acknowledged(one.client, done(first))
    instruct.completed(one.client, done(first))
    await asyncio.sleep(0)
    assert one.link.sent.empty()
    instruct.completed(two.client, done(second))
    instruct.completed(one.client, done(await one.next_id()))
    assert await following is InstructionOutcome.CONFIRMED
    assert instruct.waiting_count == 0


async def test_an_empty_plan_is_done() -> None:
    assert await instructing().follow(()) is InstructionOutcome.CONFIRMED


@pytest.mark.parametrize("version", ["4.5.9", "", "old"])
async def test_a_client_that_only_acknowledges_has_accepted_axoniq_11001(version: str) -> None:
    instruct, old, new = instructing(), Connected("old", version), Connected("new")
    following = asyncio.create_task(instruct.follow(((old.to_pause(), new.to_pause()),)))
    instruct.acknowledged(old.client, done(await old.next_id()))
    instruct.completed(new.client, done(await new.next_id()))
    assert await following is InstructionOutcome.ACCEPTED


async def test_a_reported_failure_is_told_axoniq_1003() -> None:
    instruct, one = instructing(), Connected("one")
    following = asyncio.create_task(instruct.follow(((one.to_pause(),), (one.to_pause(),))))
    instruct.completed(one.client, failed(await one.next_id(), "AXONIQ-1004", "It is busy."))
    with pytest.raises(InstructionFailed, match=r"Client one .*: It is busy\.$") as told:
        await following
    assert told.value.code == "AXONIQ-1003"
    assert one.link.sent.empty()


async def test_a_client_that_does_not_know_the_instruction_axoniq_1002() -> None:
    instruct, one = instructing(), Connected("one")
    following = asyncio.create_task(instruct.follow(((one.to_pause(),),)))
    instruct.acknowledged(one.client, failed(await one.next_id(), "AXONIQ-1002"))
    with pytest.raises(InstructionUnsupported):
        await following


async def test_no_result_in_time_axoniq_11000_and_one_that_is_late_axoniq_1004() -> None:
    instruct, one = instructing(0.01), Connected("one")
    following = asyncio.create_task(instruct.follow(((one.to_pause(),),)))
    instruction_id = await one.next_id()
    with pytest.raises(InstructionUnanswered):
        await following
    with pytest.raises(ResultLate):
        instruct.completed(one.client, done(instruction_id))
    instruct.acknowledged(one.client, done(instruction_id))
    assert instruct.waiting_count == 0


async def test_nobody_answers_for_somebody_else() -> None:
    instruct, one, other = instructing(), Connected("one"), Connected("other")
    following = asyncio.create_task(instruct.follow(((one.to_pause(),),)))
    instruction_id = await one.next_id()
    instruct.acknowledged(other.client, failed(instruction_id, "AXONIQ-1002"))
    with pytest.raises(ResultLate):
        instruct.completed(other.client, done(instruction_id))
    instruct.completed(one.client, done(instruction_id))
    instruct.completed(one.client, failed(instruction_id, "twice"))
    assert await following is InstructionOutcome.CONFIRMED


async def test_who_leaves_has_failed() -> None:
    instruct, one, two = instructing(), Connected("one"), Connected("two")
    following = asyncio.create_task(instruct.follow(((one.to_pause(), two.to_pause()),)))
    await one.next_id()
    instruct.completed(two.client, done(await two.next_id()))
    instruct.left(one.client)
    with pytest.raises(InstructionFailed, match="it has gone"):
        await following


async def test_a_stopping_node_waits_for_nothing() -> None:
    instruct, one = instructing(), Connected("one")
    await instruct.start()
    following = asyncio.create_task(instruct.follow(((one.to_pause(),),)))
    await one.next_id()
    await instruct.stop()
    with pytest.raises(NodeStopping):
        await following
    with pytest.raises(NodeStopping):
        await instruct.follow(((one.to_pause(),),))


async def test_there_is_a_bound_on_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruct_clients, "WAITING_INSTRUCTIONS", 1)
    instruct, one = instructing(), Connected("one")
    with pytest.raises(TooManyInstructions):
        await instruct.follow(((one.to_pause(), one.to_pause()),))
    assert instruct.waiting_count == 0


def test_what_nobody_waits_for_has_no_id() -> None:
    one = Connected("one")
    instructing().tell(((one.to_pause(),),))
    assert one.link.sent.get_nowait() == (one.to_pause(), "")
