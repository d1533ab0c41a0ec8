"""A watched page is rendered once for all its watchers, and tells only what has changed."""

from __future__ import annotations

import asyncio
import json

import pytest

from ranvier.errors import RanvierError
from ranvier.web.cockpit.shared_page import LINGER_LOOKS, Parts, SharedPage


class Played:
    """A page whose parts a test sets; each look waits until it is let go."""

    def __init__(self, **parts: str) -> None:
        self.parts: dict[str, str] = parts
        self.error: Exception | None = None
        self.renderings = 0
        self.is_leaving = False
        self.pauses: list[float] = []
        self._go_on = asyncio.Semaphore(0)
        self._looked = asyncio.Event()
        self.page = SharedPage(self._render, lambda: self.is_leaving, self._pause)

    async def _render(self) -> Parts:
        self.renderings += 1
        if self.error is not None:
            raise self.error
        return dict(self.parts)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._looked.set()
        await self._go_on.acquire()

    async def look(self) -> None:
        """Let the page look once more, and return when it has."""
        self._looked.clear()
        self._go_on.release()
        await self._looked.wait()


async def test_a_watcher_is_told_everything_first_and_then_what_changed() -> None:
    played = Played(a="1", b="2")
    played.page.watcher_count = 1
    keeping = asyncio.create_task(played.page.keep())
    await played.page.newer_than("")
    first = played.page.news_since("")
    assert first.parts == {"a": "1", "b": "2"}
    played.parts["b"] = "3"
    await played.look()
    await played.page.newer_than(first.version)
    assert json.loads(played.page.packed_since(first.version)) == {
        "version": played.page.version,
        "parts": {"b": "3"},
    }
    assert played.page.news_since("other.1").parts == {"a": "1", "b": "3"}
    assert played.page.news_since("nonsense").parts == {"a": "1", "b": "3"}
    keeping.cancel()


async def test_nothing_is_told_where_nothing_changed() -> None:
    played = Played(a="1")
    played.page.watcher_count = 1
    keeping = asyncio.create_task(played.page.keep())
    await played.page.newer_than("")
    version = played.page.version
    await played.look()
    assert played.page.version == version
    keeping.cancel()


async def test_the_same_bytes_serve_all_who_are_at_one_version() -> None:
    played = Played(a="1")
    played.page.watcher_count = 1
    keeping = asyncio.create_task(played.page.keep())
    await played.page.newer_than("")
    assert played.page.packed_since("") is played.page.packed_since("")
    keeping.cancel()


async def test_with_many_watchers_a_page_is_told_of_less_often() -> None:
    played = Played(a="1")
    played.page.watcher_count = 600
    keeping = asyncio.create_task(played.page.keep())
    await played.page.newer_than("")
    await played.look()
    assert played.pauses == [4.0, 4.0]
    keeping.cancel()


async def test_a_page_that_nobody_watches_is_given_up() -> None:
    played = Played(a="1")
    keeping = asyncio.create_task(played.page.keep())
    for _ in range(LINGER_LOOKS):
        played._go_on.release()
    await keeping
    assert played.page.is_over
    assert played.renderings == LINGER_LOOKS


async def test_a_page_ends_when_its_node_begins_to_leave() -> None:
    played = Played(a="1")
    played.page.watcher_count = 1
    keeping = asyncio.create_task(played.page.keep())
    await played.page.newer_than("")
    waiting = asyncio.create_task(played.page.newer_than(played.page.version))
    played.is_leaving = True
    played._go_on.release()
    await keeping
    await waiting
    assert played.page.is_over


async def test_a_page_that_cannot_be_is_refused_to_all_who_wait() -> None:
    played = Played()
    played.error = RanvierError("There is no such page.")
    keeping = asyncio.create_task(played.page.keep())
    with pytest.raises(RanvierError, match="no such page"):
        await played.page.newer_than("")
    await keeping


async def test_a_defect_of_one_rendering_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    played = Played(a="1")
    played.page.watcher_count = 1
    played.error = ValueError("broken")
    keeping = asyncio.create_task(played.page.keep())
    waiting = asyncio.create_task(played.page.newer_than(""))
    await asyncio.sleep(0)
    played.error = None
    played._go_on.release()
    await waiting
    assert played.page.news_since("").parts == {"a": "1"}
    assert "could not be rendered" in caplog.text
    keeping.cancel()
