"""Where a reader keeps how far it came: the token of the event that it wants next, by name."""

from __future__ import annotations

from typing import Protocol


class TokenStore(Protocol):
    """Keeps positions; one name belongs to one reader at a time."""

    async def load(self, name: str) -> int | None:
        """Return the position under this name, None for a new one."""

    async def store(self, name: str, position: int) -> None:
        """Keep this position; it lasts as long as the store does."""


class MemoryTokenStore:
    """Keeps positions as long as the program runs."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}

    async def load(self, name: str) -> int | None:
        """Return the position under this name, None for a new one."""
        return self.positions.get(name)

    async def store(self, name: str, position: int) -> None:
        """Keep this position."""
        self.positions[name] = position
