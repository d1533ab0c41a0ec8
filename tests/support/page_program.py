"""Pages with forms over a PostgreSQL of several processes, each to be killed at a chosen moment.

    python -m tests.support.page_program ADDRESS NAME

prints a line of JSON with the port, then one for each moment that a test waits for.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.responses import Response

from ranvier.services.answer_posts import AnswerPosts, PostSources
from ranvier.services.keep_sessions import KeepSessions, SessionSources
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.web.http_server import HttpAddress, HttpServer
from ranvier.web.open_streams import OpenStreams
from ranvier.web.page_sessions import PageSessionParts, PageSessions
from ranvier.web.posted_form import answer_once_elsewhere
from ranvier.web.refusals import add_refusals
from tests.support.form_pages import FormPages


class KilledPages(FormPages):
    """Pages whose answers never leave: a test kills the process meanwhile."""

    def add_to(self, app: FastAPI) -> None:
        super().add_to(app)
        app.post("/portal/stuck")(self.stuck)
        app.post("/portal/half")(self.half)

    async def stuck(self, request: Request) -> Response:
        """Commit, and answer nothing."""
        await self.keep(request)
        return await never("committed")

    async def half(self, request: Request) -> Response:
        """Make an effect elsewhere, and keep no answer."""

        async def effect() -> Response:
            return await never("effect")

        return await answer_once_elsewhere(request, effect)


async def never(moment: str) -> Response:
    """Tell of a moment, and wait for the end of the process."""
    tell(moment=moment)
    await asyncio.Event().wait()
    return Response()


def tell(**what: object) -> None:
    """Print a line for the test."""
    print(json.dumps(what), flush=True)


def parts_of(database: PostgresDatabase, name: str) -> PageSessionParts:
    """Return sessions over a database; a run is alive as long as its process is."""
    marks = itertools.count()
    sessions = KeepSessions(
        database.sessions, SessionSources(name, lambda: f"{name}-route", os.urandom)
    )
    sources = PostSources(
        run=lambda: str(os.getpid()),
        is_living=lambda run: Path(f"/proc/{run}").exists(),
        new_mark=lambda: f"mark-{next(marks)}",
        clock=time.monotonic,
    )
    return PageSessionParts(sessions, AnswerPosts(database.sessions, sessions, sources))


async def serve(address: str, name: str) -> None:
    """Serve the pages until the process is killed."""
    database = PostgresDatabase(address)
    await database.start()
    app = FastAPI(middleware=[Middleware(PageSessions, parts_of(database, name))])
    add_refusals(app, lambda *_: None)
    KilledPages().add_to(app)
    server = HttpServer(app, HttpAddress("127.0.0.1", 0), OpenStreams())
    await server.start()
    tell(port=server.port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
