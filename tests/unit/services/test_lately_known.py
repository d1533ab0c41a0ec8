"""Figures that are looked for beside those who ask."""

from __future__ import annotations

import asyncio

from ranvier.services.lately_known import LatelyKnown
from ranvier.storage.errors import StorageUnavailable


class Scene:
    """A figure that a test sets, on a clock that it turns."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.looks = 0
        self.is_away = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.lately = LatelyKnown(self._find, lambda: self.seconds)

    async def _find(self) -> int:
        self.looks += 1
        await self.gate.wait()
        if self.is_away:
            raise StorageUnavailable("the database is away")
        return self.looks


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_last_figure_is_told_at_once_and_looked_for_again_in_time() -> None:
    scene = Scene()
    assert scene.lately.get() is None
    await turns()
    assert [scene.lately.get(), scene.lately.get()] == [1, 1]
    scene.seconds = 6.0
    assert scene.lately.get() == 1
    await turns()
    assert scene.lately.get() == 2
    assert scene.looks == 2
    await scene.lately.stop()


async def test_a_figure_that_cannot_be_found_is_none() -> None:
    scene = Scene()
    await scene.lately.look()
    scene.is_away = True
    await scene.lately.look()
    assert scene.lately.get() is None
    await scene.lately.stop()


async def test_nobody_looks_twice_at_a_time_or_after_the_end() -> None:
    scene = Scene()
    scene.gate.clear()
    scene.lately.get()
    await asyncio.sleep(0)
    scene.seconds = 100.0
    scene.lately.get()
    await scene.lately.stop()
    await scene.lately.stop()
    assert scene.looks == 1
