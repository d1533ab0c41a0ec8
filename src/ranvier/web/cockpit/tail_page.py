"""`/cockpit/contexts/{context}/tail`: the newest events of a context, renewed as events come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse

from ranvier.services.event_follower import EventFollower
from ranvier.web.cockpit.context_page import newest_events
from ranvier.web.cockpit.contexts_page import ENTRY
from ranvier.web.cockpit.frame import Frame, link_maker
from ranvier.web.cockpit.listing import asked_number
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies
from ranvier.web.event_stream import EventStreamResponse, named_event
from ranvier.web.open_streams import OpenStreams
from ranvier.web.page_templates import templates

SHOWN_EVENTS: Final = 30
"""What a reader can follow; older ones are found by a search."""

PAUSE_SECONDS: Final = 0.5
"""Between two renewals: people read no faster, and a thousand appends cost one."""

SILENCE_SECONDS: Final = 3.0
"""After so long a stream says that it lives: a page that hears nothing asks in another way."""

POLL_SECONDS: Final = 20.0
"""A question is held for so long while nothing comes: shorter than balancers wait."""

STILL: Final = named_event("still", b"{}")


class TailPage:
    """Follows a context for each page that shows it."""

    def __init__(self, dependencies: WebDependencies, frame: Frame, streams: OpenStreams) -> None:
        self._of = dependencies
        self._frame = frame
        self._streams = streams

    def add_to(self, app: FastAPI) -> None:
        """Offer the page and what renews it; they are no part of the API."""
        tail = f"{ENTRY.path}/{{context}}/tail"
        app.get(tail, include_in_schema=False)(self.page)
        app.get(f"{tail}/stream", include_in_schema=False)(self.stream)
        app.get(f"{tail}/poll", include_in_schema=False)(self.poll)

    async def page(self, request: Request, context: str) -> HTMLResponse:
        """Return the page; raises `UnknownContext`."""
        described = await self._of.administer_contexts.describe(context)
        newest = await newest_events(self._of, described, count=SHOWN_EVENTS)
        return self._frame.render(
            request,
            "cockpit/tail.html",
            title=_("What comes to %(context)s", context=context),
            further=[Crumb(context, f"{ENTRY.path}/{context}"), Crumb(_("What comes"))],
            context=described,
            events=newest.events,
            shown_count=SHOWN_EVENTS,
            here=f"{ENTRY.path}/{context}",
        )

    async def stream(self, request: Request, context: str) -> EventStreamResponse:
        """Send the table anew each time that events have come."""
        return EventStreamResponse(self._blocks(request, context), self._streams)

    async def poll(self, request: Request, context: str) -> Response:
        """Return the table once the context has grown beyond `since`, or after a while."""
        since = asked_number(request, "since")
        head = await self._of.read.head(context)
        if since == head:
            follower = await self._of.follow.follow(context, head)
            try:
                with self._streams.enter():
                    await first_of(something(follower, POLL_SECONDS), self._streams.until_ended())
            finally:
                self._of.follow.leave(follower)
        _head, news = await self._news(request, context)
        return Response(news, media_type="application/json")

    async def _blocks(self, request: Request, context: str) -> AsyncGenerator[bytes, None]:
        head, news = await self._news(request, context)
        follower = await self._of.follow.follow(context, head)
        try:
            yield named_event("parts", news)
            while True:
                if await something(follower, SILENCE_SECONDS):
                    follower.position, news = await self._news(request, context)
                    yield named_event("parts", news)
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    yield STILL
        finally:
            self._of.follow.leave(follower)

    async def _news(self, request: Request, context: str) -> tuple[int, bytes]:
        """Return the head, and the parts of the page as of it."""
        described = await self._of.administer_contexts.describe(context)
        newest = await newest_events(self._of, described, count=SHOWN_EVENTS)
        html = templates.get_template("cockpit/tail_rows.html").render(
            context=described,
            events=newest.events,
            here=f"{ENTRY.path}/{context}",
            link=link_maker(request, request.query_params.get("node") or None),
        )
        news = {"version": str(described.head), "parts": {"tail": html}}
        return described.head, msgspec.json.encode(news)


async def something(follower: EventFollower, seconds: float) -> bool:
    """Tell whether there is an event at the follower's place, after that time at the latest."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                follower.rest()
                if follower.has_more:
                    return True
                await follower.wait()
    return False


async def first_of(*waiting: Coroutine[Any, Any, object]) -> None:
    """Wait until one of these is done, and end the others."""
    tasks = [asyncio.create_task(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
