"""One event in full, and the whole stream of the aggregate that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier.web.cockpit.contexts_page import ENTRY
from ranvier.web.cockpit.event_view import EventView, TagView, event_view, tag_view
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.listing import ROWS_PER_PAGE, asked_number
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.texts import _
from ranvier.web.cockpit.visible import visible
from ranvier.web.dependencies import WebDependencies
from ranvier.web.errors import NothingHere
from ranvier.web.parameters import HIGHEST_NUMBER


class EventPages:
    """Reads single events and aggregates."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the pages; they are no part of the API."""
        app.get(f"{ENTRY.path}/{{context}}/events/{{token}}", include_in_schema=False)(self.event)
        app.get(f"{ENTRY.path}/{{context}}/aggregate", include_in_schema=False)(self.aggregate)

    async def event(self, request: Request, context: str, token: str) -> HTMLResponse:
        """Return the page of one event; raises `UnknownContext` and `NothingHere`."""
        described = await self._of.administer_contexts.describe(context)
        place = place_of(token)
        first = await self._of.event_log.first_token(context)
        page = await self._of.read.page(context, place, place + 1)
        if place < first or not page.rows:
            raise NothingHere
        view = event_view(page.rows[0], place, dcb=described.dcb)
        return self._frame.render(
            request,
            "cockpit/event.html",
            title=_("Event %(token)s", token=place),
            further=[Crumb(context, f"{ENTRY.path}/{context}"), Crumb(str(place))],
            context=described,
            event=view,
            tags=await self._tags(context, place),
            earlier=place - 1 if place > first else None,
            later=place + 1 if place + 1 < described.head else None,
            here=f"{ENTRY.path}/{context}",
        )

    async def aggregate(self, request: Request, context: str) -> HTMLResponse:
        """Return a page of an aggregate's events with its newest snapshot."""
        described = await self._of.administer_contexts.describe(context)
        name = request.query_params.get("id", "")
        start = asked_number(request, "from") or 0
        end = start + ROWS_PER_PAGE - 1
        events = await self._events(context, name, start, end)
        last = await self._of.read.highest_sequence(context, name)
        snapshots = await self._of.snapshots.list(context, name, limit=1)
        return self._frame.render(
            request,
            "cockpit/aggregate.html",
            title=_("Aggregate %(name)s", name=visible(name)),
            further=[Crumb(context, f"{ENTRY.path}/{context}"), Crumb(visible(name))],
            context=described,
            name_=name,
            events=events,
            snapshot=event_view(snapshots[0].data, None, dcb=False) if snapshots else None,
            last=last,
            earlier=max(0, start - ROWS_PER_PAGE) if start else None,
            later=end + 1 if end < last else None,
            here=f"{ENTRY.path}/{context}",
        )

    async def _events(self, context: str, name: str, start: int, end: int) -> Sequence[EventView]:
        found: list[EventView] = []
        if name:
            async for page in self._of.read.aggregate(context, name, start, end):
                found += [event_view(data, None, dcb=False) for data in page]
        return found

    async def _tags(self, context: str, token: int) -> Sequence[TagView]:
        return [tag_view(each) for each in await self._of.tags_of_event(context, token)]


def place_of(token: str) -> int:
    """Return a token of a path; raises `NothingHere` where it is none."""
    if not (token.isascii() and token.isdigit()) or int(token[:20]) > HIGHEST_NUMBER - 1:
        raise NothingHere
    return int(token)
