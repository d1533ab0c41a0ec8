"""`/cockpit`: what runs, and whether it is well."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.web.cluster_nodes import shown_nodes
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.navigation import HOME, NavigationEntry
from ranvier.web.dependencies import WebDependencies

ENTRY: Final = NavigationEntry(HOME, "Dashboard", "dashboard")


class DashboardPage:
    """Renders what this node knows of all nodes."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get(ENTRY.path, include_in_schema=False)(self.page)

    async def page(self, request: Request) -> HTMLResponse:
        """Return the page."""
        return self._frame.render(
            request, "cockpit/dashboard.html", title=ENTRY.title, nodes=shown_nodes(self._of)
        )
