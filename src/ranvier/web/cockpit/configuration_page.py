"""`/cockpit/configuration`: what all nodes share, where each value comes from, who set it when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.errors import RanvierError
from ranvier.web.cockpit.configuration_view import shown_history, shown_settings
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.live import LivePages
from ranvier.web.cockpit.navigation import NavigationEntry
from ranvier.web.cockpit.page_state import PageState, page_state
from ranvier.web.cockpit.shared_page import Parts
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies

ENTRY: Final = NavigationEntry("/cockpit/configuration", "Configuration", "configuration")
EDIT_PATH: Final = f"{ENTRY.path}/edit"
PARTS: Final = {"overview": "cockpit/configuration_overview.html"}
HISTORY_SHOWN: Final = 50


class ConfigurationPage:
    """Shows the revision in force beside what every node has applied of it."""

    def __init__(self, dependencies: WebDependencies, frame: Frame, live: LivePages) -> None:
        self._of = dependencies
        self._frame = frame
        self._live = live

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get(ENTRY.path, include_in_schema=False)(self.page)
        self._live.offer("configuration", self.parts)

    async def page(self, request: Request) -> HTMLResponse:
        """Return the page; a database that does not answer leaves its frame standing."""
        state = page_state(request, "configuration")
        told = {
            "set": _("It is in force: every running node has agreed."),
            "kept": _("What you have filled in is kept until you come back."),
            "dropped": _("What you had filled in is thrown away."),
        }
        return self._frame.render(
            request,
            "cockpit/configuration.html",
            title=ENTRY.title,
            live=state,
            told=told.get(state.get("told"), ""),
            edit_path=EDIT_PATH,
            **await self._values(state),
        )

    async def parts(self, state: PageState) -> Parts:
        """Return what changes while somebody looks."""
        return self._frame.parts(state, PARTS, await self._values(state))

    async def _values(self, state: PageState) -> Mapping[str, Any]:
        members = [
            view.member for view in self._of.members() if state.chosen in (None, view.member.name)
        ]
        try:
            in_force = await self._of.configuration.in_force()
            history = await self._of.configuration.history(HISTORY_SHOWN)
        except RanvierError as error:
            return {"unknown": str(error), "settings": (), "history": (), "members": members}
        return {
            "unknown": "",
            "settings": shown_settings(self._of.settings(), in_force),
            "history": shown_history(history),
            "members": members,
            "in_force": in_force.number,
            "answering": self._of.node().name,
        }
