"""Heads that no fail-over takes back, where commits wait for a standby.

What can be seen on the primary need not be on its standby: a commit whose wait was broken off, or
that a restart has recovered, is visible too. It is there for good once a commit that began after it
was seen has itself been confirmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.connections import Connections, refuse_unconfirmed
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "servers")


class ConfirmedHeads:
    """Remembers the heads that are confirmed, and has others confirmed by a commit of its own."""

    def __init__(self, connections: Connections, seconds: float) -> None:
        """`connections` lends one that is never taken away; who asks waits for so long."""
        self._connections = connections
        self._seconds = seconds
        self._heads: dict[int, int] = {}
        self._committing: asyncio.Task[None] | None = None

    def note(self, context_id: int, head: int) -> None:
        """Take a head as confirmed: a commit that was made behind it has been answered."""
        if head > self._heads.get(context_id, 0):
            self._heads[context_id] = head

    async def confirm(self, heads: Mapping[int, int]) -> None:
        """Return when heads that were just seen are confirmed; raises `StorageUnavailable`."""
        if all(head <= self._heads.get(each, 0) for each, head in heads.items()):
            return
        try:
            async with asyncio.timeout(self._seconds):
                await self._commit_from_now()
        except TimeoutError:
            raise StorageUnavailable("no standby has confirmed the newest events") from None
        for each, head in heads.items():
            self.note(each, head)

    async def stop(self) -> None:
        """Wait for no standby any more."""
        if self._committing is not None:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)

    async def _commit_from_now(self) -> None:
        """Wait for a commit that begins now or later: an earlier one says nothing of what is seen.

        There is one at a time, and none is given up: the server would go on waiting with each.
        """
        earlier = self._committing
        if earlier is not None and not earlier.done():
            await asyncio.wait({earlier})
        if self._committing is None or self._committing is earlier:
            self._committing = asyncio.get_running_loop().create_task(self._commit())
            self._committing.add_done_callback(_retrieve)
        await asyncio.shield(self._committing)

    async def _commit(self) -> None:
        async with self._connections.lend() as lent:
            await lent.rows(_SQL["confirm"])
            refuse_unconfirmed(lent)


def _retrieve(task: asyncio.Task[None]) -> None:
    """Take the error of a commit that nobody waits for any more; who still waits is told."""
    if not task.cancelled():
        task.exception()
