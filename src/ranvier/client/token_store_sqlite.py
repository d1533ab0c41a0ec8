"""Positions of readers in a file of SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Final, Self

BUSY_SECONDS: Final = 10.0
"""How long another process may keep the file to itself."""

TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS position"
    " (name TEXT PRIMARY KEY, next_token INTEGER NOT NULL) WITHOUT ROWID"
)
LOAD: Final = "SELECT next_token FROM position WHERE name = ?"
STORE: Final = (
    "INSERT INTO position VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET next_token = excluded.next_token"
)


class SqliteTokenStore:
    """Keeps positions in a file that outlives the program; flushed before `store` returns.

    Use it as `with SqliteTokenStore(path) as positions:`, or close it.
    """

    def __init__(self, path: Path | str) -> None:
        self._database = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database.execute(TABLE)
        self._lock = asyncio.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    async def load(self, name: str) -> int | None:
        """Return the position under this name, None for a new one."""
        async with self._lock:
            return await asyncio.to_thread(self._load, name)

    async def store(self, name: str, position: int) -> None:
        """Keep this position for good."""
        async with self._lock:
            # A thread cannot be cancelled: whoever gives up waiting leaves it to finish in order.
            await asyncio.shield(asyncio.to_thread(self._database.execute, STORE, (name, position)))

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def _load(self, name: str) -> int | None:
        row = self._database.execute(LOAD, (name,)).fetchone()
        return None if row is None else int(row[0])
