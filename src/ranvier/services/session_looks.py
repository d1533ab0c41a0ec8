"""Looks at the rows of sessions, many in one read.

All look-ups that arrive while a read runs share the next one: none is answered by what was read
before it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ranvier.storage.sessions import SessionLook, SessionRow

LOOKS_MOST: Final = 1000
"""Of one read; those beyond it share the read after."""

Read = Callable[[Mapping[str, int]], Awaitable[SessionLook]]


@dataclass(frozen=True, slots=True)
class Seen:
    """One session at one moment; no row: it is over, or never was."""

    now_ms: int
    row: SessionRow | None


@dataclass(slots=True)
class LookFigures:
    """How many looks there were, and how many reads answered them."""

    looks: int = 0
    reads: int = 0


class SessionLooks:
    """The looks of one node; one read at a time."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[str, int] = {}
        self._waiting: list[tuple[str, asyncio.Future[Seen]]] = []
        self._reading: asyncio.Task[None] | None = None
        self.figures = LookFigures()

    async def look(self, digest: str, known_version: int) -> Seen:
        """Return the row as it is after now, without drafts where its version is known."""
        if self._known.setdefault(digest, known_version) != known_version:
            self._known[digest] = 0
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Seen] = loop.create_future()
        self._waiting.append((digest, future))
        if self._reading is None:
            self._reading = loop.create_task(self._read_all())
        return await future

    async def stop(self) -> None:
        """Let the read that runs end."""
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_all(self) -> None:
        try:
            while self._waiting:
                await self._read_once()
        finally:
            self._reading = None

    async def _read_once(self) -> None:
        asked, self._waiting = self._waiting[:LOOKS_MOST], self._waiting[LOOKS_MOST:]
        known = {digest: self._known[digest] for digest, _ in asked}
        self._known = {digest: self._known[digest] for digest, _ in self._waiting}
        self.figures.looks += len(asked)
        self.figures.reads += 1
        try:
            found = await self._read(known)
        except Exception as error:  # each who waits is told
            for _, future in asked:
                if not future.done():
                    future.set_exception(error)
            return
        for digest, future in asked:
            if not future.done():
                future.set_result(Seen(found.now_ms, found.rows.get(digest)))
