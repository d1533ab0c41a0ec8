"""`/cockpit/live` and `/cockpit/poll`: what changes on a page while somebody looks at it.

Server-sent events where they come through; a browser that sees none for a few seconds asks by long
polls instead (AJP and some proxies hold back what is not complete). Both tell of the same
renderings.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI, Request, Response

from ranvier.web.cockpit.page_state import QUERY_CHARACTERS, PageState, page_state
from ranvier.web.cockpit.shared_page import Parts, SharedPage
from ranvier.web.errors import InvalidParameter, NodeBusy, NothingHere
from ranvier.web.event_stream import EventStreamResponse, named_event
from ranvier.web.open_streams import OpenStreams

LIVE_PATH: Final = "/cockpit/live"
POLL_PATH: Final = "/cockpit/poll"

WATCHERS_MOST: Final = 1_000
"""Open Cockpits of one node: each costs a connection and a few kilobytes."""

PAGES_MOST: Final = 100
"""Different pages that are watched at one time: each is rendered every second."""

STREAM_SECONDS: Final = 60.0
"""After which a stream ends and the browser comes again: its session is looked at anew."""

STILL_SECONDS: Final = 2.0
"""Of silence, after which a stream says that it lives: a browser waits five."""

POLL_SECONDS: Final = 20.0
"""For so long a question waits for something new."""

BEGINNING: Final = b"retry: 1000\n" + named_event("still", b"{}")
STILL: Final = named_event("still", b"{}")

Render = Callable[[PageState], Awaitable[Parts]]


@dataclass(slots=True)
class LivePages:
    """Serves the news of every page that is offered."""

    streams: OpenStreams
    clock: Callable[[], float]
    is_leaving: Callable[[], bool]
    """Whether the node sends its visitors elsewhere."""
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    _renders: dict[str, Render] = field(default_factory=dict)
    _shared: dict[PageState, SharedPage] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def offer(self, page: str, render: Render) -> None:
        """Have a page watched: `render` returns its parts, and raises for a state that is none."""
        self._renders[page] = render

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths; they are no part of the API."""
        app.get(LIVE_PATH, include_in_schema=False)(self.stream)
        app.get(POLL_PATH, include_in_schema=False)(self.poll)

    async def stream(self, request: Request) -> Response:
        """Return news as server-sent events."""
        state = self._state(request)
        return EventStreamResponse(self._blocks(state), self.streams)

    async def poll(self, request: Request) -> Response:
        """Return what is new since a version, as soon as there is something, or nothing."""
        state = self._state(request)
        since = request.query_params.get("since", "")
        with self.streams.enter(), self.watched(state) as page:
            await self._until_newer(page, since, POLL_SECONDS)
            return Response(page.packed_since(since), media_type="application/json")

    def _state(self, request: Request) -> PageState:
        page = request.query_params.get("page", "")
        if page not in self._renders:
            raise NothingHere
        if len(request.url.query) > QUERY_CHARACTERS:
            raise InvalidParameter("page", "has a query that is too long")
        return page_state(request, page)

    @contextlib.contextmanager
    def watched(self, state: PageState) -> Iterator[SharedPage]:
        """Yield the page that all who look at this state share; raises `NodeBusy`."""
        page = self._shared.get(state)
        if page is None or page.is_over:
            page = self._begin(state)
        page.watcher_count += 1
        try:
            yield page
        finally:
            page.watcher_count -= 1

    def _begin(self, state: PageState) -> SharedPage:
        if len(self._shared) >= PAGES_MOST:
            raise NodeBusy("different pages that are watched at one time")
        render = self._renders[state.page]
        page = SharedPage(lambda: render(state), self.is_leaving, self.pause)
        self._shared[state] = page
        task = asyncio.get_running_loop().create_task(self._keep(state, page))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return page

    async def _keep(self, state: PageState, page: SharedPage) -> None:
        ending = asyncio.create_task(self.streams.until_ended())
        keeping = asyncio.create_task(page.keep())
        await asyncio.wait((ending, keeping), return_when=asyncio.FIRST_COMPLETED)
        for each in (ending, keeping):
            each.cancel()
        await asyncio.gather(ending, keeping, return_exceptions=True)
        if self._shared.get(state) is page:
            del self._shared[state]

    async def _blocks(self, state: PageState) -> AsyncIterator[bytes]:
        until = self.clock() + STREAM_SECONDS
        with self.watched(state) as page:
            version = ""
            await self._until_newer(page, version, STILL_SECONDS)
            yield BEGINNING
            while not page.is_over and self.clock() < until:
                if await self._until_newer(page, version, STILL_SECONDS):
                    yield named_event("parts", page.packed_since(version))
                    version = page.version
                else:
                    yield STILL

    async def _until_newer(self, page: SharedPage, version: str, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await page.newer_than(version)
                return not page.is_over
        return False
