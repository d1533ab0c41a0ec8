"""`/cockpit/contexts/{context}`: its events, found by the query language, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.storage.context_catalogue import ContextDescription
from ranvier.web.cockpit.contexts_page import ENTRY, kind_of
from ranvier.web.cockpit.event_view import EventView, event_view
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.listing import ROWS_PER_PAGE, asked_number
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.question import QUERY_LONGEST, Ask, AskQueries, Results
from ranvier.web.dependencies import WebDependencies


@dataclass(frozen=True, slots=True)
class NewestEvents:
    """Events in token order from the last one back; `older` is where the next page begins."""

    events: Sequence[EventView] = ()
    older: int | None = None


class ContextPage:
    """Asks the query language of classic contexts; of DCB contexts it shows the newest events."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame
        self._ask = AskQueries(dependencies.queries, dependencies.time_ms)

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get(f"{ENTRY.path}/{{context}}", include_in_schema=False)(self.page)

    async def page(self, request: Request, context: str) -> HTMLResponse:
        """Return the page of a context; raises `UnknownContext` and what a search raises."""
        described = await self._of.administer_contexts.describe(context)
        before = asked_number(request, "before")
        text = request.query_params.get("query", "")[:QUERY_LONGEST]
        of_snapshots = request.query_params.get("snapshots") == "on"
        results, newest = Results(), NewestEvents()
        if described.dcb:
            newest = await newest_events(self._of, described, before)
        else:
            results = await self._ask.answer(Ask(context, text, of_snapshots, before))
        response = self._frame.render(
            request,
            "cockpit/context.html",
            title=context,
            further=[Crumb(context)],
            context=described,
            kind=kind_of(described),
            first_token=await self._first_token(described),
            query=text,
            of_snapshots=of_snapshots,
            is_first_page=before is None,
            results=results,
            newest=newest,
            here=f"{ENTRY.path}/{context}",
        )
        response.status_code = 200 if results.fault is None else 400
        return response

    async def _first_token(self, context: ContextDescription) -> int:
        return await self._of.event_log.first_token(context.name) if context.head else 0


async def newest_events(
    of: WebDependencies,
    context: ContextDescription,
    before: int | None = None,
    count: int = ROWS_PER_PAGE,
) -> NewestEvents:
    """Return the newest events before a token, at most `count`, the newest first."""
    first = await of.event_log.first_token(context.name)
    head = context.head if before is None else min(before, context.head)
    start = max(first, head - count)
    events: list[EventView] = []
    at = start
    while at < head:
        page = await of.read.page(context.name, at, head)
        if not page.rows:
            break
        events += [
            event_view(data, token, dcb=context.dcb)
            for token, data in enumerate(page.rows, page.first_token)
        ]
        at = page.next_token
    return NewestEvents(events[::-1], start if start > first else None)
