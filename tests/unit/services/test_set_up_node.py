from __future__ import annotations

import asyncio

import pytest

from ranvier.cluster.first_start import WantedContext
from ranvier.cluster.joining.errors import JoinRefused, NobodyAnswers, NodeInUse
from ranvier.services import set_up_node
from ranvier.services.join_messages import Place
from ranvier.services.set_up_node import FirstStartPlan, SetUpNode
from tests.support.memory_event_log import MemoryCatalogue, MemoryEventLog

FIRST = Place("one.example", 8224)
CONTEXTS = (
    WantedContext("orders", is_dcb=True, properties={"owner": "sales"}),
    WantedContext("bills", is_dcb=False),
)


class FirstNode:
    """Refuses as often as it is told to, and then lets in."""

    def __init__(self, *refusals: JoinRefused) -> None:
        self.refusals = list(refusals)
        self.answered = asyncio.Event()

    async def join(self, place: Place) -> None:
        assert place == FIRST
        if self.refusals:
            refusal = self.refusals.pop(0)
            if isinstance(refusal, NodeInUse):
                self.answered.set()
            raise refusal
        self.answered.set()


def empty_log() -> MemoryEventLog:
    log = MemoryEventLog()
    log.contexts.clear()
    return log


async def test_a_first_start_creates_what_is_asked_for_once() -> None:
    catalogue = MemoryCatalogue(empty_log())
    plans = [FirstStartPlan(CONTEXTS, sentence="Users have no effect.")]
    first = SetUpNode(catalogue, plans.pop, FirstNode().join)
    await first.begin()
    await first.start()
    assert sorted(await catalogue.names()) == ["bills", "orders"]
    assert (await catalogue.describe("orders")).properties == {"owner": "sales"}
    await first.begin()  # as at the next start: the plan is not even read
    await first.stop()


async def test_the_node_asks_until_the_first_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_up_node, "FIRST_PAUSE_SECONDS", 0.001)
    absent = NobodyAnswers(str(FIRST), "refused")
    node = FirstNode(absent, absent, absent)
    catalogue = MemoryCatalogue(empty_log())
    service = SetUpNode(catalogue, lambda: FirstStartPlan(CONTEXTS, FIRST), node.join)
    await service.begin()
    assert await catalogue.names() == []
    await service.start()
    await node.answered.wait()
    assert node.refusals == []
    await service.stop()
    await service.stop()


async def test_a_node_that_is_used_meanwhile_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = FirstNode(NodeInUse("two", ["events in context default"]))
    service = SetUpNode(MemoryCatalogue(empty_log()), lambda: FirstStartPlan((), FIRST), node.join)
    await service.begin()
    await service.start()
    await node.answered.wait()
    await service.stop()
    assert "autocluster.first is left alone" in caplog.text
