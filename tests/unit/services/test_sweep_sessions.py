from __future__ import annotations

import asyncio

from ranvier.services.sweep_sessions import PAGE_ROWS, SweepSessions
from tests.support.memory_sessions import MemorySessions, SessionNode


class Rounds:
    """Lets a sweeper begin one round at a time."""

    def __init__(self) -> None:
        self.begin = asyncio.Semaphore(0)
        self.waits = asyncio.Semaphore(0)

    async def __call__(self) -> None:
        self.waits.release()
        await self.begin.acquire()

    async def run(self) -> None:
        self.begin.release()
        await self.waits.acquire()


async def test_all_that_is_over_is_forgotten_in_pages() -> None:
    node = SessionNode(MemorySessions())
    for _ in range(PAGE_ROWS + 5):
        await node.sessions.open()
    sweeper = SweepSessions(node.store, node.sessions)
    await sweeper.sweep_all()
    assert len(node.store.rows) == PAGE_ROWS + 5
    node.store.now_ms += node.sessions.limits.idle_ms
    node.store.calls.clear()
    await sweeper.sweep_all()
    assert node.store.rows == {}
    assert node.store.calls == ["sweep", "sweep", "sweep_strangers", "sweep_posts"]


async def test_only_who_may_sweeps() -> None:
    node = SessionNode(MemorySessions())
    await SweepSessions(node.store, node.sessions, may_sweep=lambda: False).sweep_all()
    assert node.store.calls == []


async def test_rounds_go_on_after_a_failure() -> None:
    node, rounds = SessionNode(MemorySessions()), Rounds()
    sweeper = SweepSessions(node.store, node.sessions, next_round=rounds)
    await sweeper.start()
    await rounds.waits.acquire()
    node.store.is_away = True
    await rounds.run()
    node.store.is_away = False
    await node.sessions.open()
    node.store.now_ms += node.sessions.limits.idle_ms
    await rounds.run()
    assert node.store.rows == {}
    await sweeper.stop()
    await SweepSessions(node.store, node.sessions).stop()
