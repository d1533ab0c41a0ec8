"""`/cockpit`: what runs, how much it does, and whether it is well, in words."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.errors import RanvierError
from ranvier.web.cockpit.charts import RateHistory
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.live import LivePages
from ranvier.web.cockpit.navigation import HOME, NavigationEntry
from ranvier.web.cockpit.node_lines import node_lines, work_of_all
from ranvier.web.cockpit.page_state import PageState, page_state
from ranvier.web.cockpit.shared_page import Parts
from ranvier.web.dependencies import WebDependencies

ENTRY: Final = NavigationEntry(HOME, "Dashboard", "dashboard")
PARTS: Final = {
    "figures": "cockpit/dashboard_figures.html",
    "wellbeing": "cockpit/dashboard_health.html",
    "nodes": "cockpit/dashboard_nodes.html",
    "contexts": "cockpit/dashboard_contexts.html",
}
SHOWN_CONTEXTS: Final = 8
"""The Dashboard is an overview; the page of the contexts has them all."""


@dataclass(frozen=True, slots=True)
class ContextFigures:
    """The contexts with the most events, and how many there are in all."""

    largest: Sequence[tuple[str, int]] = ()
    context_count: int = 0
    event_count: int = 0
    unknown: str = ""
    """Why nothing is known of them, as a sentence."""


class DashboardPage:
    """Renders what all nodes tell, or the chosen one."""

    def __init__(self, dependencies: WebDependencies, frame: Frame, live: LivePages) -> None:
        self._of = dependencies
        self._frame = frame
        self._live = live
        self._history = RateHistory()

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get(ENTRY.path, include_in_schema=False)(self.page)
        self._live.offer("dashboard", self.parts)

    async def page(self, request: Request) -> HTMLResponse:
        """Return the page."""
        state = page_state(request, "dashboard")
        values = await self._values(state)
        return self._frame.render(
            request, "cockpit/dashboard.html", title=ENTRY.title, live=state, **values
        )

    async def parts(self, state: PageState) -> Parts:
        """Return what changes while somebody looks."""
        return self._frame.parts(state, PARTS, await self._values(state))

    async def _values(self, state: PageState) -> Mapping[str, Any]:
        of = self._of
        lines = await node_lines(of, state.chosen)
        rates, at = work_of_all(lines), of.time_ms() / 1000
        self._history.note(state.chosen, at, rates)
        return {
            "lines": lines,
            "alive_count": sum(line.is_alive for line in lines),
            "running_count": sum(line.node.state == "running" for line in lines),
            "charts": self._history.charts(state.chosen, at, rates),
            "contexts": await self._contexts(),
            "has_access_control": of.access_token() is not None,
            "is_clustered": of.node().is_clustered,
            "python": platform.python_version(),
        }

    async def _contexts(self) -> ContextFigures:
        try:
            heads = await self._of.event_log.heads()
        except RanvierError as error:
            return ContextFigures(unknown=str(error))
        largest = sorted(heads.items(), key=lambda each: (-each[1], each[0]))
        return ContextFigures(largest[:SHOWN_CONTEXTS], len(heads), sum(heads.values()))
