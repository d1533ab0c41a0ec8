"""The sessions that a node remembers, each useless until its row was looked at."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from ranvier.access.session import Session, drafts_bytes

SESSIONS_MOST: Final = 10_000
"""Some megabytes; who comes back after having been forgotten costs a longer row, once."""

BYTES_MOST: Final = 32 * 1024 * 1024
"""Of drafts."""


class SessionCache:
    """The sessions used last, by digest."""

    def __init__(self, count_most: int = SESSIONS_MOST, bytes_most: int = BYTES_MOST) -> None:
        self._count_most = count_most
        self._bytes_most = bytes_most
        self._kept: OrderedDict[str, tuple[Session, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._kept)

    def find(self, digest: str) -> Session | None:
        """Return a session as it was once."""
        kept = self._kept.get(digest)
        if kept is None:
            return None
        self._kept.move_to_end(digest)
        return kept[0]

    def keep(self, digest: str, session: Session) -> None:
        """Remember a session; those that were used longest ago are forgotten for it."""
        self.forget(digest)
        size = drafts_bytes(session.drafts) if session.drafts else 0
        self._kept[digest] = (session, size)
        self._bytes += size
        while len(self._kept) > self._count_most or self._bytes > self._bytes_most:
            self.forget(next(iter(self._kept)))

    def forget(self, digest: str) -> None:
        """Remember a session no longer."""
        _, size = self._kept.pop(digest, (None, 0))
        self._bytes -= size
