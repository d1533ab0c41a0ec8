"""Positions are gathered, stored at once when it matters, and never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

import pytest

from ranvier.services.progress_writer import DELAY_SECONDS, ProgressWriter
from ranvier.storage.errors import StorageUnavailable


class Saves:
    """What was saved, and what the writer waits for."""

    def __init__(self) -> None:
        self.saved: list[list[str]] = []
        self.error: Exception | None = None
        self.delays: asyncio.Queue[float] = asyncio.Queue()
        self.time_is_up = asyncio.Event()
        self.happened = asyncio.Event()
        self.writer = ProgressWriter(self.save, self.wait_for)

    async def save(self, moved: Sequence[str]) -> None:
        self.happened.set()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.saved.append(list(moved))

    async def wait_for(self, change: Awaitable[object], seconds: float) -> object:
        self.delays.put_nowait(seconds)
        urgent = asyncio.ensure_future(change)
        up = asyncio.ensure_future(self.time_is_up.wait())
        done, _ = await asyncio.wait((urgent, up), return_when=asyncio.FIRST_COMPLETED)
        urgent.cancel()
        up.cancel()
        self.time_is_up.clear()
        if urgent not in done:
            raise TimeoutError
        return None

    async def next_save(self) -> None:
        await self.happened.wait()
        self.happened.clear()


async def test_what_moves_is_saved_together_after_a_moment() -> None:
    saves = Saves()
    await saves.writer.start()
    for what in "aba":
        saves.writer.moved(what)
    assert await saves.delays.get() == DELAY_SECONDS
    assert saves.saved == []
    saves.time_is_up.set()
    await saves.next_save()
    assert saves.saved == [["a", "b"]]
    await saves.writer.stop()
    assert saves.saved == [["a", "b"]]


async def test_what_matters_is_saved_at_once() -> None:
    saves = Saves()
    await saves.writer.start()
    saves.writer.moved("a")
    await saves.delays.get()
    saves.writer.keep_now("b")
    await saves.next_save()
    assert saves.saved == [["a", "b"]]
    await saves.writer.stop()


async def test_a_stop_saves_what_has_moved_even_at_the_moment_of_a_save() -> None:
    saves = Saves()
    await saves.writer.start()
    saves.writer.keep_now("a")
    await saves.writer.stop()
    assert saves.saved == [["a"]]
    await saves.writer.stop()


@pytest.mark.parametrize("error", [StorageUnavailable("it sleeps"), ZeroDivisionError()])
async def test_what_could_not_be_saved_is_saved_later(error: Exception) -> None:
    saves = Saves()
    saves.error = error
    await saves.writer.start()
    saves.writer.keep_now("a")
    await saves.next_save()
    await saves.writer.stop()
    assert saves.saved == [["a"]]
