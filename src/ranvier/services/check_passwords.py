"""Checks and hashes passwords in a thread: a few wait for their turn, more are turned away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from ranvier.access.errors import TooManySignIns
from ranvier.security.password_hash import PasswordHash
from ranvier.security.secret import Secret

Result = TypeVar("Result")

WAITING_MOST: Final = 32
"""Passwords at one time: at some 20 ms each, nobody waits for more than a second or so."""

RETRY_AFTER_SECONDS: Final = 2


class CheckPasswords:
    """One thread: the work is another core's, and a node has only a share of those."""

    def __init__(
        self,
        password_hash: PasswordHash,
        chance: Callable[[int], bytes],
        *,
        waiting_most: int = WAITING_MOST,
    ) -> None:
        self._hash = password_hash
        self._chance = chance
        self._waiting_most = waiting_most
        self._waiting = 0
        self._thread = one_thread()
        self._nobodys: Secret | None = None

    async def start(self) -> None:
        """Be ready to answer for users who do not exist; also after a stop."""
        self._thread.shutdown(wait=False)
        self._thread = one_thread()
        self._nobodys = await self.hash(Secret(self._chance(16).hex()))

    async def stop(self) -> None:
        """Finish the one that is being worked on; whoever waits is cancelled."""
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """How many passwords are worked on or wait."""
        return self._waiting

    def refuse_if_full(self) -> None:
        """Raise `TooManySignIns` where one more could not wait."""
        if self._waiting >= self._waiting_most:
            raise TooManySignIns(RETRY_AFTER_SECONDS)

    async def hash(self, password: Secret) -> Secret:
        """Return the hash of a new password; raises `TooManySignIns`."""
        return await self._work(lambda: self._hash.of(password))

    async def matches(self, kept: Secret | None, password: Secret) -> bool:
        """Say whether this is the password; without a hash it takes as long, and is False."""
        compared = kept or self._nobodys
        if compared is None:
            raise RuntimeError("asked to check a password before the start")
        found = await self._work(lambda: self._hash.matches(compared, password))
        return found and kept is not None

    def is_outgrown(self, kept: Secret) -> bool:
        """Say whether a hash was made with less work than is asked for now."""
        return self._hash.is_outgrown(kept)

    async def _work(self, work: Callable[[], Result]) -> Result:
        self.refuse_if_full()
        self._waiting += 1
        # Counted until the thread is done with it, also where nobody waits for it any more.
        job = self._thread.submit(work)
        loop = asyncio.get_running_loop()
        job.add_done_callback(lambda _: tell(loop, self._done))
        return await asyncio.wrap_future(job)

    def _done(self) -> None:
        self._waiting -= 1


def one_thread() -> ThreadPoolExecutor:
    """Return what works in one thread, which is there when the first work comes."""
    return ThreadPoolExecutor(1, "ranvier-password")


def tell(loop: asyncio.AbstractEventLoop, told: Callable[[], None]) -> None:
    """Call in the loop, if it still runs."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(told)
