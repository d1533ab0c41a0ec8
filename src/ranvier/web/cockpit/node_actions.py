"""What can be done with a node from its page: drain, resume, forget, each after a question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from ranvier.cluster.errors import UnknownNode
from ranvier.web.cockpit.cluster import ENTRY
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.page_state import PageState, page_state
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies
from ranvier.web.errors import NothingHere
from ranvier.web.posted_form import answer_once_elsewhere, posted_form

PATH: Final = "/cockpit/cluster/{name}/{action}"


@dataclass(frozen=True, slots=True)
class NodeAction:
    """An action, how it is asked about, and what carries it out."""

    button: str
    question: str
    what_happens: str
    carry_out: Callable[[str], Awaitable[None]]
    is_final: bool = False
    """Whether it cannot be taken back, and the node's page is there no more."""


class NodeActions:
    """Asks whether an action is meant, and carries it out once however often it is sent."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame
        self._actions = node_actions(dependencies)

    def add_to(self, app: FastAPI) -> None:
        """Offer the questions and the actions; they are no part of the API."""
        app.get(PATH, include_in_schema=False)(self.question)
        app.post(PATH, include_in_schema=False)(self.act)

    async def question(self, name: str, action: str, request: Request) -> HTMLResponse:
        """Return the page that asks; raises `UnknownNode`."""
        asked = self._action(action)
        if all(view.member.name != name for view in self._of.members()):
            raise UnknownNode(name)
        page = node_path(name)
        return self._frame.render(
            request,
            "cockpit/confirm.html",
            title=_(asked.button),
            further=(Crumb(name, page), Crumb(asked.button)),
            question=_(asked.question, node=name),
            what_happens=_(asked.what_happens, node=name),
            button=asked.button,
            is_final=asked.is_final,
            back=page,
        )

    async def act(self, name: str, action: str, request: Request) -> Response:
        """Have the action begin and lead back; what is done is seen on the page of the node."""
        await posted_form(request)
        asked, state = self._action(action), page_state(request, "")

        async def effect() -> Response:
            await asked.carry_out(name)
            return led_back(state, ENTRY.path if asked.is_final else node_path(name), action)

        return await answer_once_elsewhere(request, effect)

    def _action(self, action: str) -> NodeAction:
        if action not in self._actions:
            raise NothingHere
        return self._actions[action]


def node_path(name: str) -> str:
    """Return the path of a node's page."""
    return f"{ENTRY.path}/{quote(name, safe='')}"


def led_back(state: PageState, path: str, told: str) -> Response:
    """Return what leads to a page on which `told` is said."""
    return RedirectResponse(state.link(path, told=told), HTTPStatus.SEE_OTHER)


def node_actions(of: WebDependencies) -> Mapping[str, NodeAction]:
    """Return the actions by the last part of their path."""
    return {
        "drain": NodeAction(
            _("Drain"),
            _("Drain node %(node)s?"),
            _(
                "It keeps what it has and takes nothing new: its clients are asked to go to other"
                " nodes within a minute, and balancers send new visitors elsewhere. It can be"
                " resumed at any time."
            ),
            of.drains.drain,
        ),
        "resume": NodeAction(
            _("Resume"),
            _("Let node %(node)s take clients again?"),
            _("Clients and new visitors are sent to it as to any other node."),
            of.drains.resume,
        ),
        "forget": NodeAction(
            _("Forget"),
            _("Forget node %(node)s?"),
            _(
                "It leaves the list of nodes for good. What it has stored is in the database and"
                " stays. Should it ever start again, it has to join the cluster anew."
            ),
            of.administer_cluster.unregister,
            is_final=True,
        ),
    }
