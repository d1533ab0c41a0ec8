"""Reports of all nodes: asked at once, shared by those who watch, and said to be missing."""

from __future__ import annotations

import asyncio

import pytest

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.member import MemberView, NodeState
from ranvier.services import node_reports
from ranvier.services.node_report import ReportWish
from ranvier.services.node_reports import NodeReports
from tests.support.node_reports import PlayedPeers, member, told

OWN = member("b", is_own=True)
WITH_DETAILS = ReportWish(with_details=True)


class Scene:
    """A node named `b` among others, on a clock that a test turns."""

    def __init__(self, *others: MemberView) -> None:
        self.seconds = 100.0
        self.peers = PlayedPeers()
        self.members = [OWN, *others]
        self.reports = NodeReports(
            lambda _: told("b"), self.peers, lambda: self.members, lambda: self.seconds
        )


async def test_every_node_that_takes_part_answers_by_its_name() -> None:
    scene = Scene(member("c"), member("a", NodeState.DRAINING), member("d", NodeState.DOWN))
    scene.peers.reports = {f"id-of-{name}": told(name) for name in "acd"}
    answers = await scene.reports.all()
    assert [each.name for each in answers] == ["a", "b", "c"]
    assert [each.report for each in answers] == [told("a"), told("b"), told("c")]
    assert [each.is_own for each in answers] == [False, True, False]
    assert answers[1].round_trip_seconds is None
    assert answers[0].round_trip_seconds == 0.0


async def test_what_is_missing_is_said_with_its_reason() -> None:
    scene = Scene(member("c"), member("d", NodeState.DOWN))
    answer = (await scene.reports.all())[1]
    assert (answer.report, answer.missing) == (None, "There is no link with the node at present.")
    assert (await scene.reports.of("d")).missing == "Node d is down."
    assert (await scene.reports.of("b")).report == told("b")
    with pytest.raises(UnknownNode):
        await scene.reports.of("e")


async def test_a_node_that_does_not_answer_is_waited_for_no_longer_than_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(node_reports, "ANSWER_SECONDS", 0.01)
    scene = Scene(member("c"))
    scene.peers.gate = asyncio.Event()
    assert "has not answered within 0.01 second" in (await scene.reports.of("c")).missing


async def test_watchers_share_an_answer_for_a_second() -> None:
    scene = Scene(member("c"))
    scene.peers.reports = {"id-of-c": told("c")}
    await asyncio.gather(*(scene.reports.all() for _ in range(20)))
    scene.seconds += 0.9
    await scene.reports.of("c")
    assert len(scene.peers.asked) == 1
    await scene.reports.of("c", WITH_DETAILS)
    assert [wish.with_details for _, wish in scene.peers.asked] == [False, True]
    scene.seconds += 0.2
    await scene.reports.all()
    assert len(scene.peers.asked) == 3


async def test_a_watcher_that_leaves_takes_the_answer_from_nobody() -> None:
    scene = Scene(member("c"))
    scene.peers.reports = {"id-of-c": told("c")}
    scene.peers.gate = asyncio.Event()
    leaving = asyncio.create_task(scene.reports.of("c"))
    staying = asyncio.create_task(scene.reports.of("c"))
    await scene.peers.was_asked.wait()
    leaving.cancel()
    scene.peers.gate.set()
    assert (await staying).report == told("c")
    assert len(scene.peers.asked) == 1


async def test_searches_without_end_are_not_kept_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(node_reports, "KEPT_ANSWERS", 3)
    scene = Scene(member("c"))
    for number in range(10):
        await scene.reports.of("c", ReportWish(search=str(number)))
    assert len(scene.reports._kept) == 3


async def test_a_node_that_stops_waits_for_no_answer() -> None:
    scene = Scene(member("c"))
    scene.peers.gate = asyncio.Event()
    await scene.reports.start()
    waiting = asyncio.create_task(scene.reports.of("c"))
    await scene.peers.was_asked.wait()
    await scene.reports.stop()
    await scene.reports.stop()
    with pytest.raises(asyncio.CancelledError):
        await waiting
