"""`/cockpit/clients`: who handles what, and who is connected, on all nodes or a chosen one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.services.node_report import Details, ReportedClient, ReportedHandler, ReportWish
from ranvier.services.node_reports import NodeAnswer
from ranvier.web.cockpit.chosen_node import chosen_node
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.listing import Columns, asked_search, listing
from ranvier.web.cockpit.navigation import Crumb, NavigationEntry
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies
from ranvier.web.duration_text import duration_text

ENTRY: Final = NavigationEntry("/cockpit/clients", "Clients & handlers", "clients")
CONNECTED_PATH: Final = f"{ENTRY.path}/connected"
PROCESSORS_PATH: Final = f"{ENTRY.path}/processors"

TABS: Final = (
    (ENTRY.path, "Handlers"),
    (CONNECTED_PATH, "Clients"),
    (PROCESSORS_PATH, "Event processors"),
)


@dataclass(frozen=True, slots=True)
class HandlerRow:
    """A handler, and the node that holds its stream."""

    node: str
    handler: ReportedHandler


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client, and its node."""

    node: str
    client: ReportedClient
    since: str
    """For how long it has been connected."""


HANDLER_COLUMNS: Final[Columns[HandlerRow]] = Columns(
    keys={
        "name": lambda row: (row.handler.name, row.handler.component_name, row.node),
        "kind": lambda row: (row.handler.kind, row.handler.name),
        "component": lambda row: (
            row.handler.component_name,
            row.handler.client_id,
            row.handler.name,
        ),
        "context": lambda row: (row.handler.context, row.handler.name),
        "node": lambda row: (row.node, row.handler.name),
        "permits": lambda row: (row.handler.permits, row.handler.name),
        "waiting": lambda row: (row.handler.waiting, row.handler.name),
        "flight": lambda row: (row.handler.in_flight, row.handler.name),
    },
    texts=lambda row: (
        row.handler.context,
        row.handler.name,
        row.handler.component_name,
        row.handler.client_id,
    ),
    first="name",
)

CLIENT_COLUMNS: Final[Columns[ClientRow]] = Columns(
    keys={
        "component": lambda row: (row.client.component_name, row.client.client_id),
        "client": lambda row: row.client.client_id,
        "context": lambda row: (row.client.context, row.client.component_name),
        "node": lambda row: (row.node, row.client.component_name),
        "version": lambda row: (row.client.version, row.client.component_name),
        "since": lambda row: (row.client.connected_seconds, row.client.client_id),
    },
    texts=lambda row: (row.client.context, row.client.component_name, row.client.client_id),
    first="component",
)


class ClientsPage:
    """Asks the nodes for what each holds; what one does not tell is said."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the pages; they are no part of the API."""
        app.get(ENTRY.path, include_in_schema=False)(self.handlers)
        app.get(CONNECTED_PATH, include_in_schema=False)(self.connected)

    async def handlers(self, request: Request) -> HTMLResponse:
        """Return the list of handlers."""
        answers = await self._answers(request)
        rows = [
            HandlerRow(answer.name, each)
            for answer, details in told(answers)
            for each in details.handlers
        ]
        return self._frame.render(
            request,
            "cockpit/handlers.html",
            title=_(ENTRY.title),
            listing=listing(request, rows, HANDLER_COLUMNS),
            missing=missing(answers),
            crowded=crowded(answers, lambda of: (len(of.handlers), of.handler_count)),
            tabs=TABS,
            here=ENTRY.path,
        )

    async def connected(self, request: Request) -> HTMLResponse:
        """Return the list of clients."""
        answers = await self._answers(request)
        rows = [
            ClientRow(answer.name, each, duration_text(each.connected_seconds))
            for answer, details in told(answers)
            for each in details.clients
        ]
        return self._frame.render(
            request,
            "cockpit/clients.html",
            title=_(ENTRY.title),
            further=[Crumb(_("Clients"))],
            listing=listing(request, rows, CLIENT_COLUMNS),
            missing=missing(answers),
            crowded=crowded(answers, lambda of: (len(of.clients), of.client_count)),
            tabs=TABS,
            here=CONNECTED_PATH,
        )

    async def _answers(self, request: Request) -> Sequence[NodeAnswer]:
        """Ask all nodes, or the chosen one; raises `UnknownNode`."""
        wish = ReportWish(with_details=True, search=asked_search(request))
        chosen = chosen_node(request, self._of.members())
        if chosen is None:
            return await self._of.reports.all(wish)
        return [await self._of.reports.of(chosen, wish)]


def told(answers: Sequence[NodeAnswer]) -> Iterator[tuple[NodeAnswer, Details]]:
    """Yield the nodes that have answered, each with its details."""
    for answer in answers:
        if answer.report is not None:
            yield answer, answer.report.details


def missing(answers: Sequence[NodeAnswer]) -> Sequence[str]:
    """Return why the list lacks what some nodes hold, in sentences."""
    return [
        _("What node %(node)s holds is not in this list. %(reason)s", node=each.name, reason=why)
        for each in answers
        if (why := each.missing)
    ]


def crowded(
    answers: Sequence[NodeAnswer], count: Callable[[Details], tuple[int, int]]
) -> Sequence[str]:
    """Return which nodes hold more than they tell at once; `count` gives both numbers."""
    return [
        _(
            "Of node %(node)s, %(shown)s of %(all)s are in this list; a search looks into all.",
            node=answer.name,
            all=of_all,
            shown=shown,
        )
        for answer, details in told(answers)
        for shown, of_all in (count(details),)
        if shown < of_all
    ]
