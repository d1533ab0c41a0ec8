"""The charts of the Dashboard: what was done each second over the last minutes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.services.node_report import Work
from ranvier.web.cockpit.texts import _

SAMPLES_KEPT: Final = 300
"""Of each node and of all together: ten minutes where somebody watches all the time."""

APART_SECONDS: Final = 2.0
"""Between two samples that are kept."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure over time; times are seconds since 1970."""

    key: str
    title: str
    now: float
    at: float
    times: Sequence[float]
    values: Sequence[float]

    @property
    def most(self) -> float:
        """The highest value that is shown."""
        return max((*self.values, self.now))


@dataclass(frozen=True, slots=True)
class Sample:
    """What was done each second at one moment."""

    at: float
    work: Work


class RateHistory:
    """The latest samples of each node that somebody has looked at, and of all together."""

    def __init__(self) -> None:
        self._samples: dict[str | None, deque[Sample]] = {}

    def note(self, chosen: str | None, at: float, work: Work) -> None:
        """Keep a sample; the oldest makes room."""
        kept = self._samples.setdefault(chosen, deque(maxlen=SAMPLES_KEPT))
        if not kept or at - kept[-1].at >= APART_SECONDS:
            kept.append(Sample(at, work))

    def charts(self, chosen: str | None, at: float, work: Work) -> Sequence[Chart]:
        """Return the charts up to now."""
        kept = self._samples.get(chosen, ())
        times = [round(sample.at, 1) for sample in kept]

        def chart(key: str, title: str, name: str) -> Chart:
            values = [round(getattr(sample.work, name), 1) for sample in kept]
            return Chart(key, title, round(getattr(work, name), 1), round(at, 1), times, values)

        return (
            chart("commands", _("Commands/s"), "commands"),
            chart("queries", _("Queries/s"), "queries"),
            chart("events", _("Events/s"), "events_appended"),
        )
