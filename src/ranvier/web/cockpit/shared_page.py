"""A page that is being watched: rendered once for all its watchers, told only where it changed."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from ranvier.errors import RanvierError

logger = logging.getLogger("ranvier.web")

LOOK_SECONDS: Final = 1.0
"""Between two renderings of a page that somebody watches."""

WATCHERS_EACH_SECOND: Final = 150
"""With more watchers than these a page is told of less often, so that they cost a node a few
hundredths of its core however many they are."""

LINGER_LOOKS: Final = 10
"""Renderings that nobody waits for before a page is given up: long polls come back."""

Parts = Mapping[str, str]
"""HTML by the names of the parts."""


@dataclass(frozen=True, slots=True)
class News:
    """What has changed since a version, and the version that it leads to."""

    version: str
    parts: Parts

    def as_json(self) -> bytes:
        """Return them as scripts read them."""
        return msgspec.json.encode({"version": self.version, "parts": dict(self.parts)})


class SharedPage:
    """The parts of one page, with the number of the rendering in which each changed last."""

    def __init__(
        self,
        render: Callable[[], Awaitable[Parts]],
        is_leaving: Callable[[], bool],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`is_leaving` tells whether the node sends its visitors elsewhere."""
        self._render = render
        self._is_leaving = is_leaving
        self._pause = pause
        self._life = secrets.token_urlsafe(6)
        self._number = 0
        self._parts: dict[str, tuple[int, str]] = {}
        self._changed = asyncio.Event()
        self._packed: dict[str, bytes] = {}
        self._idle_looks = 0
        self.refusal: RanvierError | None = None
        """Why there is no such page."""
        self.watcher_count = 0
        self.is_over = False

    @property
    def version(self) -> str:
        """What a watcher who knows everything is at; no other life of a page has it."""
        return f"{self._life}.{self._number}"

    async def keep(self) -> None:
        """Render again and again until nobody watches any more, or the node begins to leave."""
        try:
            was_leaving = self._is_leaving()
            while self._goes_on(was_leaving=was_leaving):
                self._idle_looks = 0 if self.watcher_count else self._idle_looks + 1
                await self._look()
                if not self.is_over:
                    await self._pause(LOOK_SECONDS * max(1.0, self._crowd()))
        finally:
            self.is_over = True
            self._wake()

    def _crowd(self) -> float:
        return self.watcher_count / WATCHERS_EACH_SECOND

    def _goes_on(self, *, was_leaving: bool) -> bool:
        is_leaving_now = self._is_leaving() and not was_leaving
        return self._idle_looks < LINGER_LOOKS and not is_leaving_now and not self.is_over

    async def _look(self) -> None:
        try:
            parts = await self._render()
        except RanvierError as error:
            # Pages say themselves what they could not be told: such a page cannot be at all.
            self.refusal, self.is_over = error, True
            self._wake()
            return
        except Exception:
            logger.exception("a watched page could not be rendered")
            return
        fresh = {name: html for name, html in parts.items() if self._html(name) != html}
        if fresh:
            self._number += 1
            self._parts.update({name: (self._number, html) for name, html in fresh.items()})
            self._packed.clear()
            self._wake()

    def _html(self, name: str) -> str | None:
        return self._parts[name][1] if name in self._parts else None

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def newer_than(self, version: str) -> None:
        """Return when there is something that a watcher at this version does not know.

        Returns when the page is over, too, and raises what refuses it.
        """
        while not self.is_over and (self._number == 0 or self.version == version):
            await self._changed.wait()
        if self.refusal is not None:
            raise self.refusal

    def news_since(self, version: str) -> News:
        """Return what has changed since a version; everything for one of another life."""
        life, _, number = version.partition(".")
        known = int(number) if life == self._life and number.isdecimal() else 0
        changed = {name: html for name, (at, html) in self._parts.items() if at > known}
        return News(self.version, changed)

    def packed_since(self, version: str) -> bytes:
        """Return the same as JSON, made once for all who are at one version."""
        if version not in self._packed:
            self._packed[version] = self.news_since(version).as_json()
        return self._packed[version]
