"""`/cockpit/cluster/{name}`: one node in full; any node shows any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.cluster.errors import UnknownNode
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.live import LivePages
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.node_lines import NodeLine, node_lines
from ranvier.web.cockpit.page_state import PageState, page_state
from ranvier.web.cockpit.shared_page import Parts
from ranvier.web.cockpit.texts import _, _n
from ranvier.web.dependencies import WebDependencies

PATH: Final = "/cockpit/cluster/{name}"
PARTS: Final = {
    "state": "cockpit/node_state.html",
    "actions": "cockpit/node_actions.html",
    "facts": "cockpit/node_facts.html",
}
NAME: Final = "name"


class ClusterNodePage:
    """Shows where a node is, what it is, what it does, and what can be done with it."""

    def __init__(self, dependencies: WebDependencies, frame: Frame, live: LivePages) -> None:
        self._of = dependencies
        self._frame = frame
        self._live = live

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get(PATH, include_in_schema=False)(self.page)
        self._live.offer("node", self.parts)

    async def page(self, name: str, request: Request) -> HTMLResponse:
        """Return the page; raises `UnknownNode`."""
        state = page_state(request, "node", [(NAME, name)])
        return self._frame.render(
            request,
            "cockpit/node.html",
            title=name,
            further=(Crumb(name),),
            live=state,
            told=told_of(state.get("told"), name),
            **await self._values(state),
        )

    async def parts(self, state: PageState) -> Parts:
        """Return what changes while somebody looks; raises `UnknownNode`."""
        return self._frame.parts(state, PARTS, await self._values(state))

    async def _values(self, state: PageState) -> Mapping[str, Any]:
        lines = await node_lines(self._of, state.get(NAME) or None)
        if not state.get(NAME) or not lines:
            raise UnknownNode(state.get(NAME))
        newest = max(view.member.config_revision for view in self._of.members())
        return {"line": lines[0], "drift": drift_of(lines[0], newest)}


def drift_of(line: NodeLine, newest_revision: int) -> str:
    """Return how far a node is behind the configuration that another one has, in words."""
    behind = newest_revision - line.node.config_revision
    if not line.is_alive:
        return _("It takes no part.")
    if behind <= 0:
        return _("none: it has what all have")
    return _n("%(count)s revision behind", "%(count)s revisions behind", behind)


def told_of(action: str, name: str) -> str:
    """Return what is said after an action was asked for."""
    match action:
        case "drain":
            return _("Node %(node)s was asked to drain: its clients move elsewhere.", node=name)
        case "resume":
            return _("Node %(node)s was asked to take clients again.", node=name)
        case _:
            return ""
