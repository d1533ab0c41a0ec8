"""The port `Leases` on SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import apsw

from ranvier.cluster.lease import Lease
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("leases")


class SqliteLeases:
    """Leases and their fences in rows, holders in memory.

    One process has the database open: whoever held a lease in an earlier one is gone, and a beat
    costs no commit.
    """

    def __init__(self, tools: ContextTools) -> None:
        self._changes = RowChanges(tools.writers)
        self._nodes: dict[str, str] = {}
        self._counters: dict[str, int] = {}

    async def enter(self, holder: str, node: str) -> None:
        """Add a holder, a run of this node; earlier runs of the node are removed."""
        for each in [earlier for earlier, its_node in self._nodes.items() if its_node == node]:
            self._drop(each)
        self._nodes[holder] = node
        self._counters[holder] = 0

    async def beat(self, holder: str) -> Mapping[str, int]:
        """Raise a holder's counter; return the counters of all who are there."""
        if holder in self._counters:
            self._counters[holder] += 1
        return dict(self._counters)

    async def remove(self, holder: str, counter: int) -> str | None:
        """Remove a holder whose counter is this one still, and return its node."""
        return self._drop(holder) if self._counters.get(holder) == counter else None

    async def leave(self, holder: str) -> None:
        """Remove a holder that asks for it."""
        self._drop(holder)

    async def acquire(self, name: str, holder: str) -> Lease:
        """Give a free lease to a holder under a higher fence, and tell how it stands then."""

        def change(cursor: apsw.Cursor) -> Lease:
            cursor.execute(_SQL["make"], (name,))
            ((fence, has_it),) = fetch_all(cursor, _SQL["find"], (name,))
            if holder in self._nodes and (has_it == holder or has_it not in self._nodes):
                cursor.execute(_SQL["acquire"], (name, holder))
                return Lease(name, fence + 1, holder, self._nodes[holder])
            is_there = has_it in self._nodes
            return Lease(name, fence, has_it if is_there else "", self._nodes.get(has_it, ""))

        return await self._changes.make(change)

    async def release(self, lease: Lease) -> None:
        """Set a lease free, if it is still this one."""
        await self._run("release", lease.name, lease.fence)

    async def forget(self, name: str) -> None:
        """Remove a lease whose name is never used again."""
        await self._run("forget", name)

    def _drop(self, holder: str) -> str | None:
        self._counters.pop(holder, None)
        return self._nodes.pop(holder, None)

    async def _run(self, statement: str, *bindings: Any) -> None:
        await self._changes.make(lambda cursor: cursor.execute(_SQL[statement], bindings))


def holds_lease(cursor: apsw.Cursor, name: str, fence: int) -> bool:
    """Tell, in the transaction of what is written under a lease, whether its fence is the last."""
    return bool(fetch_all(cursor, _SQL["holds"], (name, fence)))
