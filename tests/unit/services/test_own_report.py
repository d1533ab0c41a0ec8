"""A node's report of itself: its pace, its load, its health."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from ranvier.services import own_report
from ranvier.services.node_report import SUMMARY, Details, Queues, ReportedLink, ReportWish, Work
from ranvier.services.own_report import HealthWords, OwnReport, ProcessFigures, ReportSources
from ranvier.services.peers import PeerIdentity

LINK = ReportedLink(node_id="2", name="other", is_up=True)


@dataclass
class Scene:
    """A node whose figures a test sets."""

    seconds: float = 50.0
    work: Work = field(default_factory=Work)
    cpu_seconds: float = 1.0
    searches: list[str] = field(default_factory=list)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    def __post_init__(self) -> None:
        self.own = OwnReport(
            ReportSources(
                identity=lambda: PeerIdentity("1", "own", 7),
                work=self._work,
                process=lambda: ProcessFigures(self.cpu_seconds, 4096),
                queues=lambda: Queues(commands_waiting=3),
                health=lambda: HealthWords(is_ready=False, reasons=("The node is draining.",)),
                links=lambda: [LINK],
                details=self._details,
                client_count=lambda: 5,
                clock=lambda: self.seconds,
                time_ms=lambda: 123,
            )
        )

    def _work(self) -> Work:
        self.looked.set()
        if self.fails:
            raise ValueError("no figures today")
        return self.work

    def _details(self, search: str) -> Details:
        self.searches.append(search)
        return Details(handler_count=9)


def test_a_report_says_all_that_the_sources_say() -> None:
    scene = Scene()
    scene.seconds += 8
    report = scene.own.report(SUMMARY)
    assert (report.node_id, report.name, report.taken_at_ms) == ("1", "own", 123)
    assert (report.uptime_seconds, report.memory_bytes, report.client_count) == (8.0, 4096, 5)
    assert (report.is_ready, report.health) == (False, ("The node is draining.",))
    assert (report.queues.commands_waiting, report.links) == (3, (LINK,))
    assert report.open_session_count is None
    assert (report.rates, report.cpu_share) == (Work(), 0.0)


def test_details_are_looked_for_only_where_they_are_asked_for() -> None:
    scene = Scene()
    assert scene.own.report(SUMMARY).details == Details()
    assert scene.searches == []
    assert scene.own.report(ReportWish(with_details=True, search="x")).details.handler_count == 9
    assert scene.searches == ["x"]


def test_the_pace_is_that_of_the_last_samples() -> None:
    scene = Scene()
    for second in range(20):
        scene.work = Work(commands=100.0 * second, events_read=float(second))
        scene.cpu_seconds = 1 + second / 4
        scene.own.sample()
        scene.seconds += 1
    report = scene.own.report(SUMMARY)
    assert report.counters.commands == 1900.0
    assert report.rates.commands == 80.0  # nothing came in the last of five seconds
    assert report.rates.events_read == 0.8
    assert report.cpu_share == 0.2


def test_nothing_is_said_of_the_pace_of_a_moment() -> None:
    scene = Scene()
    scene.own.sample()
    scene.seconds += 0.01
    scene.work = Work(commands=5)
    assert scene.own.report(SUMMARY).rates == Work()


async def test_samples_are_taken_until_the_node_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_report, "PAUSE_SECONDS", 0.0)
    scene = Scene()
    await scene.own.start()
    for fails in (True, False):
        scene.fails = fails
        scene.looked.clear()
        async with asyncio.timeout(30):
            await scene.looked.wait()
    await scene.own.stop()
    await scene.own.stop()
