"""Holds leases for this node, and knows at any moment whether it may still believe so.

A node that was stopped, frozen or cut off from the database ceases to believe before any other may
take over; what it writes nevertheless is refused by the database for its old fence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ranvier.cluster.lease import (
    HolderWatch,
    Lease,
    LeaseTimes,
    looked,
    run_out,
    trusted_until,
)
from ranvier.errors import RanvierError
from ranvier.services.errors import LeasesRunOut
from ranvier.services.standing_trouble import StandingTrouble
from ranvier.storage.errors import StorageError
from ranvier.storage.leases import Leases

DEFAULT_TIMES: Final = LeaseTimes()

logger = logging.getLogger("ranvier.services")

LeaseObserver = Callable[[str, int | None], None]
"""Told of a name and its fence when this node has got the lease, and None when it has lost it."""


@dataclass(frozen=True, slots=True)
class LeaseSources:
    """What leases take from outside: the node's id, time and chance."""

    node_id: Callable[[], str]
    clock: Callable[[], float]
    """Seconds that go on while the machine or the process sleeps."""
    new_holder: Callable[[], str]
    """Gives a text that no run of any node has had."""
    later: Callable[[float, Callable[[], None]], asyncio.TimerHandle] = lambda seconds, then: (
        asyncio.get_running_loop().call_later(seconds, then)
    )
    wait_for: Callable[[Awaitable[object], float], Awaitable[object]] = asyncio.wait_for


class HoldLeases:
    """The leases of one node: campaigned for, held while it lives, given back when it stops."""

    def __init__(
        self, store: Leases, sources: LeaseSources, times: LeaseTimes = DEFAULT_TIMES
    ) -> None:
        self._store = store
        self._sources = sources
        self._times = times
        self._holder = ""
        self._trusted_until = float("-inf")
        self._watch = HolderWatch()
        self._held: dict[str, Lease] = {}
        self._wanted: dict[str, None] = {}
        self._taking: dict[str, asyncio.Task[Lease]] = {}
        self._to_return: dict[str, Lease] = {}
        """No longer used here, and not yet free in the database."""
        self._observers: dict[LeaseObserver, None] = {}
        self._silence_observers: list[Callable[[str], None]] = []
        self._is_wanted = asyncio.Event()
        self._is_stopping = False
        self._running: asyncio.Task[None] | None = None
        self._lapse: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Enter among the holders and begin to beat."""
        await self._enter()
        self._running = asyncio.get_running_loop().create_task(self._beat_for_ever())

    async def stop(self) -> None:
        """Give all leases back and leave; stopping twice is allowed."""
        if self._is_stopping:
            return
        self._is_stopping = True
        if self._running is None:
            return
        self._running.cancel()
        await asyncio.gather(self._running, *self._taking.values(), return_exceptions=True)
        self._lose_all()
        try:
            await self._sources.wait_for(self._store.leave(self._holder), self._times.trust_seconds)
        except (StorageError, TimeoutError) as error:
            logger.warning("the leases of this node will run out by themselves: %s", error)

    def campaign(self, name: str) -> None:
        """Try to get a lease, and to get it back whenever it is lost, until the node stops."""
        self._wanted[name] = None
        self._is_wanted.set()

    def is_held(self, name: str) -> bool:
        """Tell whether this node has a lease, and nobody else can have it at this moment."""
        return name in self._held and self._is_trusted

    def fence(self, name: str) -> int | None:
        """The fence that goes with what is written under a lease; None when it is not held."""
        return self._held[name].fence if self.is_held(name) else None

    def watch(self, observer: LeaseObserver) -> Callable[[], None]:
        """Have an observer told of leases that are got and lost; call the answer to end it."""
        self._observers[observer] = None

        def unwatch() -> None:
            self._observers.pop(observer, None)

        return unwatch

    def watch_silent(self, observer: Callable[[str], None]) -> None:
        """Have an observer told of each node that this one has found silent, by its id."""
        self._silence_observers.append(observer)

    async def take(self, name: str) -> Lease:
        """Try once, now; return how the lease stands: `is_held` tells whether it is ours.

        Raises `StorageUnavailable` or, while this node could not renew what it has, `LeasesRunOut`.
        """
        if self.is_held(name):
            return self._held[name]
        if name not in self._taking:
            task = asyncio.get_running_loop().create_task(self._take(name))
            self._taking[name] = task
            task.add_done_callback(lambda _: self._taking.pop(name, None))
        return await asyncio.shield(self._taking[name])

    async def release(self, name: str) -> None:
        """Give one lease back; where the database does not answer, it is given back later."""
        self._wanted.pop(name, None)
        lease = self._held.pop(name, None)
        if lease is not None:
            self._to_return[name] = lease
            self._tell(name, None)
            await self._return_all()

    async def forget(self, name: str) -> None:
        """Give a lease back whose name nobody will ever want again."""
        await self.release(name)
        await self._store.forget(name)

    @property
    def _is_trusted(self) -> bool:
        return self._sources.clock() < self._trusted_until

    async def _take(self, name: str) -> Lease:
        if not self._is_trusted or self._is_stopping:
            raise LeasesRunOut
        holder = self._holder
        lease = await self._store.acquire(name, holder)
        if lease.holder == holder == self._holder and self._is_trusted and not self._is_stopping:
            self._held[name] = lease
            self._to_return.pop(name, None)
            self._tell(name, lease.fence)
        elif lease.holder == holder:
            self._to_return[name] = lease
        return lease

    async def _enter(self) -> None:
        """Begin a life as a holder of nothing; what an earlier one had is free."""
        self._lose_all()
        self._to_return.clear()
        holder, asked_at = self._sources.new_holder(), self._sources.clock()
        await self._store.enter(holder, self._sources.node_id())
        self._holder = holder
        self._trust(asked_at)

    def _trust(self, asked_at: float) -> None:
        """Trust a beat that was sent then, and be there when that is over."""
        self._trusted_until = trusted_until(asked_at, self._times)
        if self._lapse is not None:
            self._lapse.cancel()
        seconds = max(0.0, self._trusted_until - self._sources.clock())
        self._lapse = self._sources.later(seconds, self._lose_untrusted)

    async def _beat_for_ever(self) -> None:
        trouble = StandingTrouble("the leases of this node could not be renewed")
        while True:
            self._is_wanted.clear()
            try:
                await self._beat()
                trouble.end()
            except RanvierError as error:
                self._watch = HolderWatch()
                trouble.tell(error)
            except Exception:
                logger.exception("a beat of the leases failed")
            await self._pause()

    async def _beat(self) -> None:
        """Renew what is held, remove who is silent, and take what is wanted."""
        self._lose_untrusted()
        asked_at = self._sources.clock()
        counters = await self._store.beat(self._holder)
        self._lose_untrusted()
        if self._holder in counters:
            self._trust(asked_at)
        else:
            logger.warning("others took this node for dead, and its leases with it")
            await self._enter()
        self._watch = looked(self._watch, counters, self._sources.clock(), self._times)
        for holder, counter in run_out(self._watch, self._times):
            if holder != self._holder:
                await self._remove(holder, counter)
        await self._return_all()
        for name in [each for each in self._wanted if each not in self._held]:
            await self.take(name)

    async def _remove(self, holder: str, counter: int) -> None:
        """Set free what a silent holder has, unless it has beaten since."""
        node_id = await self._store.remove(holder, counter)
        if node_id is not None:
            logger.warning("the leases of the silent node %s are free", node_id)
            for observer in self._silence_observers:
                observer(node_id)

    async def _pause(self) -> None:
        """Wait for the next beat, or until something is wanted."""
        try:
            await self._sources.wait_for(self._is_wanted.wait(), self._times.beat_seconds)
        except TimeoutError:
            return

    async def _return_all(self) -> None:
        """Set free what is not used any more; the next beat tries again what fails."""
        for name, lease in list(self._to_return.items()):
            try:
                await self._store.release(lease)
            except StorageError as error:
                logger.warning("the lease %s is given back later: %s", name, error)
            else:
                if self._to_return.get(name) is lease:
                    del self._to_return[name]

    def _lose_untrusted(self) -> None:
        if self._held and not self._is_trusted:
            logger.warning("the leases of this node were not renewed in time, and are lost")
            self._lose_all()

    def _lose_all(self) -> None:
        lost, self._held = self._held, {}
        if self._lapse is not None:
            self._lapse.cancel()
        self._to_return.update(lost)
        for name in lost:
            self._tell(name, None)

    def _tell(self, name: str, fence: int | None) -> None:
        for observer in list(self._observers):
            try:
                observer(name, fence)
            except Exception:
                logger.exception("what became of the lease %s was not taken", name)
