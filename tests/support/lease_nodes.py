"""Nodes that hold leases in one database, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

from ranvier.cluster.lease import LeaseTimes
from ranvier.services.hold_leases import HoldLeases, LeaseSources
from ranvier.storage.leases import Leases

TIMES = LeaseTimes(beat_seconds=0.5, trust_seconds=1.5, ttl_seconds=2.5)


class LeaseNode:
    """One node: `beat` lets it beat once, `told` is what its observer was told."""

    def __init__(self, name: str, store: Leases, clock: Callable[[], float]) -> None:
        lives = count(1)
        self.beats = asyncio.Semaphore(0)
        self.has_beaten = asyncio.Event()
        self.lapses: list[Callable[[], None]] = []
        self.told: list[tuple[str, int | None]] = []
        self.leases = HoldLeases(
            store,
            LeaseSources(
                lambda: name, clock, lambda: f"{name}-{next(lives)}", self.later, self.wait_for
            ),
            TIMES,
        )
        self.removed: list[str] = []
        self.leases.watch(lambda lease, fence: self.told.append((lease, fence)))
        self.leases.watch_silent(self.removed.append)

    def later(self, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        """Keep what would be called when trust ends; the test calls it."""
        self.lapses.append(then)
        return asyncio.get_running_loop().call_later(seconds + 3600, then)

    async def wait_for(self, work: Awaitable[object], seconds: float) -> object:
        """Wait until the test lets this node beat; what is no pause is done at once."""
        if seconds != TIMES.beat_seconds:
            return await work
        self.has_beaten.set()
        due = asyncio.ensure_future(work)
        turn = asyncio.ensure_future(self.beats.acquire())
        done, waiting = await asyncio.wait((due, turn), return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        if due not in done:
            raise TimeoutError
        return None

    async def beat(self) -> None:
        """Let the node beat once and return when it has."""
        self.has_beaten.clear()
        self.beats.release()
        await self.has_beaten.wait()

    async def campaign(self, name: str) -> None:
        """Let the node campaign and return after the beat that this causes."""
        self.has_beaten.clear()
        self.leases.campaign(name)
        await self.has_beaten.wait()

    async def start(self) -> None:
        """Start and return after the first beat."""
        await self.leases.start()
        await self.has_beaten.wait()
