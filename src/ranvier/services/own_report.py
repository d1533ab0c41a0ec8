"""What this node tells of itself, with the pace of its work measured once a second."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.services.node_report import (
    NO_DETAILS,
    Details,
    NodeReport,
    Queues,
    ReportedLink,
    ReportWish,
    Work,
)
from ranvier.services.peers import PeerIdentity

PAUSE_SECONDS: Final = 1.0
"""Between two samples; one takes some 20 µs."""

SAMPLES_KEPT: Final = 5
"""Rates are means over so many pauses: shorter ones jump, longer ones lag."""

SHORTEST_SECONDS: Final = 0.1
"""Nothing is said of the pace in a shorter time."""

logger = logging.getLogger("ranvier.services")


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """What the process of a node has used."""

    cpu_seconds: float
    """Since its start."""
    memory_bytes: int
    """Resident now."""


@dataclass(frozen=True, slots=True)
class HealthWords:
    """Whether clients may be sent to a node, and what is wrong, in sentences."""

    is_ready: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportSources:
    """Where the parts of a report come from; none of them may wait for anything."""

    identity: Callable[[], PeerIdentity]
    work: Callable[[], Work]
    process: Callable[[], ProcessFigures]
    queues: Callable[[], Queues]
    health: Callable[[], HealthWords]
    links: Callable[[], Sequence[ReportedLink]]
    details: Callable[[str], Details]
    """Of all that holds a text."""
    client_count: Callable[[], int]
    clock: Callable[[], float]
    """Seconds that never go back."""
    time_ms: Callable[[], int]
    """Milliseconds since 1970."""
    open_sessions: Callable[[], int | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Sample:
    """What had been done and used at one moment."""

    at: float
    work: Work
    process: ProcessFigures


class OwnReport:
    """Takes samples between `start` and `stop`, and a report whenever it is asked."""

    def __init__(self, sources: ReportSources) -> None:
        self._of = sources
        self._started_at = sources.clock()
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_KEPT)
        self._sampling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take samples."""
        self.sample()
        self._sampling = asyncio.get_running_loop().create_task(self._sample_for_ever())

    async def stop(self) -> None:
        """Take no more samples."""
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.gather(self._sampling, return_exceptions=True)

    def sample(self) -> None:
        """Note what has been done until now."""
        self._samples.append(self._look())

    def report(self, wish: ReportWish) -> NodeReport:
        """Return how this node does now."""
        of, now = self._of, self._look()
        identity, health = of.identity(), of.health()
        rates, cpu_share = self._pace(now)
        return NodeReport(
            node_id=identity.node_id,
            name=identity.name,
            taken_at_ms=of.time_ms(),
            uptime_seconds=now.at - self._started_at,
            cpu_share=cpu_share,
            memory_bytes=now.process.memory_bytes,
            client_count=of.client_count(),
            open_session_count=of.open_sessions(),
            is_ready=health.is_ready,
            health=health.reasons,
            counters=now.work,
            rates=rates,
            queues=of.queues(),
            links=tuple(of.links()),
            details=of.details(wish.search) if wish.with_details else NO_DETAILS,
        )

    def _look(self) -> Sample:
        return Sample(self._of.clock(), self._of.work(), self._of.process())

    def _pace(self, now: Sample) -> tuple[Work, float]:
        """Return the work of each second, and the share of a core that was used."""
        before = self._samples[0] if self._samples else now
        seconds = now.at - before.at
        if seconds < SHORTEST_SECONDS:
            return Work(), 0.0
        used = now.process.cpu_seconds - before.process.cpu_seconds
        return now.work.per_second_since(before.work, seconds), max(0.0, used / seconds)

    async def _sample_for_ever(self) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                self.sample()
            except Exception:
                logger.exception("the pace of the node's work could not be measured")
