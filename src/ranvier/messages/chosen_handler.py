"""Which one of several handlers gets a message: the one on whose part of the ring its key lies."""

from __future__ import annotations

from typing import Final

from ranvier.messages.handler import Handler
from ranvier.messages.hash_ring import HashRing, Member
from ranvier.messages.subscriptions import Subscription

POINTS_CACHED_MAX: Final = 500_000
"""Points of all rings that are kept, at some 44 bytes each; the ring in use is always kept."""

NAMES_CACHED_MAX: Final = 10_000
"""Names whose ring is remembered; most of them share one."""


class ChosenHandler:
    """Chooses by key, and keeps the rings that it made for the sets it chose among."""

    __slots__ = ("_by_name", "_point_count", "_rings")

    def __init__(self) -> None:
        self._rings: dict[frozenset[Member], HashRing] = {}
        """The oldest first."""
        self._by_name: dict[tuple[str, str], tuple[tuple[Subscription, ...], HashRing]] = {}
        self._point_count = 0

    def find(self, candidates: tuple[Subscription, ...], key: str) -> Handler:
        """Return the candidate that a key belongs to; all must offer the same name.

        The same set gives the same answer, in whatever order it stands.
        """
        first = candidates[0]
        if len(candidates) == 1:
            return first.handler
        name = (first.handler.context, first.name)
        known = self._by_name.get(name)
        if known is not None and known[0] is candidates:
            return known[1].find(key)
        ring = self._ring(frozenset([(own.handler, own.load_factor) for own in candidates]))
        if len(self._by_name) >= NAMES_CACHED_MAX:
            self._by_name.clear()
        self._by_name[name] = (candidates, ring)
        return ring.find(key)

    @property
    def kept_points(self) -> int:
        """The points of all rings that are kept."""
        return self._point_count

    @property
    def kept_names(self) -> int:
        """The names whose ring is remembered."""
        return len(self._by_name)

    def forget(self) -> None:
        """Let all rings go: nobody is there to be chosen."""
        self._rings.clear()
        self._by_name.clear()
        self._point_count = 0

    def _ring(self, members: frozenset[Member]) -> HashRing:
        ring = self._rings.get(members)
        if ring is None:
            latest = next(reversed(self._rings.values()), None) or HashRing()
            ring = self._rings[members] = latest.changed_to(members)
            self._point_count += len(ring.points)
            self._forget_the_oldest()
        return ring

    def _forget_the_oldest(self) -> None:
        while self._point_count > POINTS_CACHED_MAX and len(self._rings) > 1:
            oldest = next(iter(self._rings))
            self._point_count -= len(self._rings.pop(oldest).points)
            # What was remembered by name would keep the ring alive.
            self._by_name.clear()
