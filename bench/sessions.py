"""What a session costs: a page request with one against one without, and look-ups of one read."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from pathlib import Path

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.figure import Figure
from ranvier.services.answer_posts import AnswerPosts, PostSources
from ranvier.services.keep_sessions import KeepSessions, SessionSources
from ranvier.storage.database import Database
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.web.page_sessions import PageSessionParts, PageSessions
from tests.support.postgres_databases import new_database

REQUESTS = 2_000
AT_ONCE = 200
ROUNDS = 5


def figures(folder: Path) -> list[Figure]:
    """Measure on the embedded database and on PostgreSQL."""
    found: list[Figure] = []
    for kind, database in (
        ("SQLite", SqliteDatabase(folder / "sessions")),
        ("PostgreSQL", PostgresDatabase(new_database())),
    ):
        found += asyncio.run(measured(kind, database))
    return found


async def measured(kind: str, database: Database) -> list[Figure]:
    """Measure on one database."""
    await database.start()
    sessions = KeepSessions(database.sessions, SessionSources("node1", lambda: "node1", os.urandom))
    sources = PostSources(lambda: "run", lambda _: True, lambda: "mark", time.monotonic)
    parts = PageSessionParts(sessions, AnswerPosts(database.sessions, sessions, sources))
    app = PageSessions(page, parts)
    cookies = [
        f"JSESSIONID={held.cookie.key}.node1".encode()
        for held in [await sessions.open() for _ in range(AT_ONCE)]
    ]
    without = [await cpu_microseconds(page, cookies) for _ in range(ROUNDS)]
    before = (sessions.figures.looks, sessions.figures.reads)
    with_session = [await cpu_microseconds(app, cookies) for _ in range(ROUNDS)]
    looks, reads = sessions.figures.looks - before[0], sessions.figures.reads - before[1]
    alone = await milliseconds_alone(app, cookies[0])
    await sessions.stop()
    await database.stop()
    return [
        Figure(f"page without session, {kind}: CPU", statistics.median(without), "µs"),
        Figure(f"page with a cached session, {kind}: CPU", statistics.median(with_session), "µs"),
        Figure(f"the same, one request at a time, {kind}", alone, "ms"),
        Figure(f"look-ups gathered in one read, {AT_ONCE} at once, {kind}", looks / reads, ""),
    ]


async def page(_: Scope, receive: Receive, send: Send) -> None:
    """Answer with nothing: what is measured lies around it."""
    del receive
    await Response(b"page").__call__(_, nothing, send)


async def nothing() -> Message:
    """Receive an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def dropped(_: Message) -> None:
    """Send to nobody."""


async def ask(app: ASGIApp, cookie: bytes) -> None:
    """Ask for one page."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/cockpit",
        "scheme": "http",
        "headers": [(b"host", b"node"), (b"cookie", cookie)],
    }
    await app(scope, nothing, dropped)


async def cpu_microseconds(app: ASGIApp, cookies: list[bytes]) -> float:
    """Return the CPU time of this process for one request, of many that come together."""
    began = time.process_time()
    for _ in range(REQUESTS // AT_ONCE):
        await asyncio.gather(*(ask(app, cookie) for cookie in cookies))
    return (time.process_time() - began) * 1e6 / REQUESTS


async def milliseconds_alone(app: ASGIApp, cookie: bytes) -> float:
    """Return how long a request takes that shares its read with nobody."""
    took: list[float] = []
    for _ in range(AT_ONCE):
        began = time.perf_counter()
        await ask(app, cookie)
        took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took)
