"""`/cockpit/contexts`: the contexts, what each holds, and the forms by which they come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from ranvier.errors import RanvierError
from ranvier.storage.context_catalogue import ContextDescription
from ranvier.web.cockpit.frame import Frame, link_maker
from ranvier.web.cockpit.listing import Columns, listing
from ranvier.web.cockpit.navigation import Crumb, NavigationEntry
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies
from ranvier.web.http_status import status_of

ENTRY: Final = NavigationEntry("/cockpit/contexts", "Contexts & events", "contexts")

NEW_PATH: Final = f"{ENTRY.path}/-/new"
"""No context can be called `-`."""

CONTEXT_PART: Final = "context "
"""What the names of health parts begin with that are about one context."""

SEE_OTHER: Final = 303

DONE: Final = {
    "created": "The context was created; every node serves it within a second.",
    "deleted": "The context was deleted with all that it held.",
}
"""What is said above the list after a form was posted."""


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A context in the list."""

    name: str
    kind: str
    event_count: int
    last_token: int | None
    snapshot_count: int
    has_own_database: bool
    trouble: str
    """Why its own database cannot be reached; empty where it can."""


COLUMNS: Final[Columns[ContextRow]] = Columns(
    keys={
        "name": lambda row: row.name,
        "kind": lambda row: (row.kind, row.name),
        "events": lambda row: (row.event_count, row.name),
        "snapshots": lambda row: (row.snapshot_count, row.name),
    },
    texts=lambda row: (row.name,),
    first="name",
)


class ContextsPage:
    """Shows what the database says at the moment; without it, why there is nothing to show."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the pages; they are no part of the API."""
        app.get(ENTRY.path, include_in_schema=False)(self.page)
        app.get(NEW_PATH, include_in_schema=False)(self.new)
        app.get(f"{ENTRY.path}/{{context}}/delete", include_in_schema=False)(self.confirm)

    async def page(self, request: Request) -> HTMLResponse:
        """Return the list; a database that does not answer leaves the rest of it standing."""
        rows: Sequence[ContextRow] = ()
        unknown = ""
        try:
            rows = await self._rows()
        except RanvierError as error:
            unknown = str(error)
        return self._frame.render(
            request,
            "cockpit/contexts.html",
            title=_(ENTRY.title),
            listing=listing(request, rows, COLUMNS),
            context_count=len(rows),
            unknown=unknown,
            done=_(DONE.get(request.query_params.get("done", ""), "")),
            new_path=NEW_PATH,
        )

    async def new(self, request: Request) -> HTMLResponse:
        """Return the form by which a context is created."""
        return self.filled(request, {}, None)

    def filled(
        self, request: Request, values: Mapping[str, str], refusal: RanvierError | None
    ) -> HTMLResponse:
        """Return that form with what was filled in, and what speaks against it."""
        response = self._frame.render(
            request,
            "cockpit/context_new.html",
            title=_("New context"),
            further=[Crumb(_("New context"))],
            values={"name": "", "kind": "classic", **values},
            refusal="" if refusal is None else str(refusal),
            action=NEW_PATH,
        )
        response.status_code = 200 if refusal is None else status_of(refusal)
        return response

    async def confirm(self, request: Request, context: str) -> HTMLResponse:
        """Return the form by which a context is deleted; raises `UnknownContext`."""
        return await self.asked_again(request, context, "")

    async def asked_again(self, request: Request, context: str, refusal: str) -> HTMLResponse:
        """Return that form, with what speaks against it."""
        described = await self._of.administer_contexts.describe(context)
        response = self._frame.render(
            request,
            "cockpit/context_delete.html",
            title=_("Delete a context"),
            further=[Crumb(context, f"{ENTRY.path}/{context}"), Crumb(_("Delete"))],
            context=described,
            refusal=refusal,
        )
        response.status_code = 422 if refusal else 200
        return response

    async def _rows(self) -> Sequence[ContextRow]:
        described = await self._of.administer_contexts.all()
        snapshot_counts = await self._of.snapshot_counts()
        troubles = {
            part.name.removeprefix(CONTEXT_PART): part.reason
            for part in self._of.health()
            if part.name.startswith(CONTEXT_PART) and not part.is_up
        }
        return [
            await self._row(each, snapshot_counts.get(each.name, 0), troubles.get(each.name, ""))
            for each in described
        ]

    async def _row(
        self, context: ContextDescription, snapshot_count: int, trouble: str
    ) -> ContextRow:
        first = 0
        if context.head and not trouble:
            first = await self._of.event_log.first_token(context.name)
        return ContextRow(
            name=context.name,
            kind=kind_of(context),
            event_count=context.head - first,
            last_token=context.head - 1 if context.head else None,
            snapshot_count=snapshot_count,
            has_own_database=context.has_own_database,
            trouble=trouble,
        )


def kind_of(context: ContextDescription) -> str:
    """Return the kind of a context, in a word."""
    return "DCB" if context.dcb else "classic"


def to_list(request: Request, **query: str) -> Response:
    """Return the way back to the list, after a form was posted."""
    return RedirectResponse(link_maker(request, None)(ENTRY.path, **query), SEE_OTHER)
