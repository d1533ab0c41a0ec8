"""Strategies that are kept, and the rounds that follow them."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from ranvier.errors import RanvierError
from ranvier.messages.errors import UnknownProcessor, UnknownStrategy
from ranvier.messages.event_processor import ProcessorId
from ranvier.messages.processor_plans import Instruction, InstructionKind
from ranvier.services import administer_processors
from ranvier.services.administer_processors import AdministerProcessors
from ranvier.services.balance_processors import BalanceProcessors
from ranvier.services.cluster_clients import ClusterClients
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.errors import TooManyStrategies
from ranvier.services.instruct_clients import ClientAnswer, InstructClients
from ranvier.services.keep_clients import ConnectedClient, KeepClients
from ranvier.storage.errors import StorageUnavailable
from tests.support.memory_event_log import MemoryStrategies
from tests.support.processors import Claims, instance

ACCOUNTS = ProcessorId("default", "accounts", "store")
OTHERS = ProcessorId("default", "others", "store")


class ObedientLink:
    """Confirms every instruction, or fails each as it is told."""

    def __init__(self, node: Node, name: str) -> None:
        self._node = node
        self._name = name

    def send_heartbeat(self) -> None: ...
    def ask_to_reconnect(self) -> None: ...
    def close(self, error: RanvierError) -> None: ...

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        if instruction.kind is InstructionKind.TELL:
            return
        self._node.done.append(f"{self._name} {instruction.kind.value} {instruction.segment_id}")
        answer = ClientAnswer(instruction_id, is_success=not self._node.is_stubborn)
        client = self._node.connected[self._name]
        asyncio.get_running_loop().call_soon(self._node.instruct.completed, client, answer)


class Node:
    """The services over clients that confirm all they are asked."""

    def __init__(self) -> None:
        numbers = itertools.count()
        self.clients = KeepClients(lambda: float(next(numbers)) / 1_000)
        self.instruct = InstructClients(lambda: str(next(numbers)))
        self.stored = MemoryStrategies()
        self.processors = AdministerProcessors(
            ClusterClients(self.clients), self.instruct, self.stored
        )
        self.rounds = asyncio.Semaphore(0)
        self.waits = asyncio.Semaphore(0)
        self.balance = BalanceProcessors(self.processors, self.next_round)
        self.done: list[str] = []
        self.is_stubborn = False
        self.connected: dict[str, ConnectedClient] = {}

    def connect(self, name: str, claims: Claims = (), *, free: int = 4) -> None:
        identity = ClientIdentity(name, "bank", "4.6")
        client = self.clients.connect(identity, "default", ObedientLink(self, name))
        self.clients.processor_reported(client, instance(name, claims, free=free).status)
        self.connected[name] = client

    async def next_round(self) -> None:
        self.waits.release()
        await self.rounds.acquire()


FOUR: Claims = ((0, 4), (1, 4), (2, 4), (3, 4))


async def test_a_chosen_strategy_is_followed_in_every_round() -> None:
    node = Node()
    node.connect("a", FOUR)
    node.connect("b")
    await node.processors.choose_strategy(ACCOUNTS, "threadNumber")
    await node.processors.choose_strategy(OTHERS, "threadNumber")
    await node.balance.start()
    await node.waits.acquire()
    assert node.done == []
    node.rounds.release()
    await node.waits.acquire()
    assert node.done == ["a release 3", "a release 2"]
    await node.balance.stop()


async def test_only_the_node_that_may_balances_and_it_stops_when_it_may_no_more() -> None:
    node = Node()
    node.connect("a", FOUR)
    node.connect("b")
    await node.processors.choose_strategy(ACCOUNTS, "threadNumber")
    await node.processors.choose_strategy(OTHERS, "threadNumber")
    turns = iter([False, False, True, False])
    balance = BalanceProcessors(node.processors, node.next_round, lambda: next(turns))
    await balance.balance_all()
    assert node.done == []
    await balance.balance_all()
    assert node.done == ["a release 3", "a release 2"]


async def test_each_round_begins_with_what_other_nodes_have_chosen() -> None:
    node = Node()
    node.connect("a", FOUR)
    node.connect("b")
    node.stored.chosen[ACCOUNTS] = "threadNumber"
    await node.balance.start()
    await node.waits.acquire()
    node.rounds.release()
    await node.waits.acquire()
    assert node.done == ["a release 3", "a release 2"]
    await node.balance.stop()


async def test_a_round_goes_on_with_what_is_known_while_the_store_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = Node()
    node.connect("a", FOUR)
    node.connect("b")
    await node.processors.choose_strategy(ACCOUNTS, "threadNumber")

    async def unavailable() -> None:
        raise StorageUnavailable("it is away")

    monkeypatch.setattr(node.stored, "all", unavailable)
    await node.balance.start()
    await node.waits.acquire()
    node.rounds.release()
    await node.waits.acquire()
    assert node.done == ["a release 3", "a release 2"]
    await node.balance.stop()


async def test_a_round_that_fails_is_followed_by_another(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node()
    node.connect("a", FOUR)
    node.connect("b")
    await node.processors.choose_strategy(ACCOUNTS, "threadNumber")
    node.is_stubborn = True
    await node.balance.balance_all()
    assert node.done == ["a release 3"]

    async def break_down(*_given: object) -> None:
        raise ValueError("no balance today")

    with monkeypatch.context() as patched:
        patched.setattr(node.processors, "balance", break_down)
        await node.balance.balance_all()
    assert "no balance today" in caplog.text
    node.is_stubborn = False
    await node.balance.balance_all()
    assert node.done[1:] == ["a release 3", "a release 2"]
    await node.balance.stop()


async def test_a_strategy_is_remembered_until_it_is_the_default_again() -> None:
    node = Node()
    await node.processors.choose_strategy(ACCOUNTS, "threadNumber")
    again = AdministerProcessors(ClusterClients(node.clients), node.instruct, node.stored)
    await again.start()
    assert again.strategies == {ACCOUNTS: "threadNumber"}
    await again.choose_strategy(ACCOUNTS, "default")
    await again.choose_strategy(ACCOUNTS, "default")
    assert again.strategies == node.stored.chosen == {}
    await again.stop()


async def test_a_strategy_goes_with_its_context() -> None:
    node = Node()
    elsewhere = ProcessorId("other", "accounts", "store")
    for processor in (ACCOUNTS, elsewhere):
        await node.processors.choose_strategy(processor, "threadNumber")
    node.processors.end_context("default")
    assert list(node.processors.strategies) == [elsewhere]


async def test_what_cannot_be_balanced_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node()
    with pytest.raises(UnknownStrategy):
        await node.processors.choose_strategy(ACCOUNTS, "random")
    with pytest.raises(UnknownStrategy):
        await node.processors.balance(ACCOUNTS, "random")
    with pytest.raises(UnknownProcessor):
        await node.processors.balance(ACCOUNTS, "default")
    monkeypatch.setattr(administer_processors, "STRATEGIES_LIMIT", 1)
    await node.processors.choose_strategy(ACCOUNTS, "threadNumber")
    await node.processors.choose_strategy(ACCOUNTS, "threadNumber")
    with pytest.raises(TooManyStrategies):
        await node.processors.choose_strategy(OTHERS, "threadNumber")
