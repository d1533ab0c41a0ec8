"""`/cockpit/cluster`: all nodes, how they do, and the links between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.live import LivePages
from ranvier.web.cockpit.mesh_picture import mesh_picture
from ranvier.web.cockpit.navigation import NavigationEntry
from ranvier.web.cockpit.node_lines import node_lines
from ranvier.web.cockpit.page_state import PageState, page_state
from ranvier.web.cockpit.shared_page import Parts
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies

ENTRY: Final = NavigationEntry("/cockpit/cluster", "Cluster", "cluster")
PARTS: Final = {"list": "cockpit/cluster_list.html", "mesh": "cockpit/cluster_mesh.html"}


class ClusterPage:
    """Lists what membership knows, beside what the nodes tell of themselves."""

    def __init__(self, dependencies: WebDependencies, frame: Frame, live: LivePages) -> None:
        self._of = dependencies
        self._frame = frame
        self._live = live

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get(ENTRY.path, include_in_schema=False)(self.page)
        self._live.offer("cluster", self.parts)

    async def page(self, request: Request) -> HTMLResponse:
        """Return the page."""
        state = page_state(request, "cluster")
        told = _("The node was forgotten.") if state.get("told") == "forget" else ""
        return self._frame.render(
            request,
            "cockpit/cluster.html",
            title=ENTRY.title,
            live=state,
            told=told,
            **await self._values(state),
        )

    async def parts(self, state: PageState) -> Parts:
        """Return what changes while somebody looks."""
        return self._frame.parts(state, PARTS, await self._values(state))

    async def _values(self, state: PageState) -> Mapping[str, Any]:
        lines = await node_lines(self._of)
        chosen = [line for line in lines if state.chosen in (None, line.node.name)]
        return {"lines": chosen, "picture": mesh_picture(lines)}
