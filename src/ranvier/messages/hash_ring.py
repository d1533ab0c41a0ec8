"""A ring on which the same key finds the same handler for as long as that handler is there."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from itertools import count
from typing import Final

from ranvier.messages.handler import Handler

POINTS_MAX: Final = 1_000
"""Points of one handler: ten times the share of an ordinary one, and the cost of a greater load
factor, which a client may choose freely, stays small."""

PLACE_BITS: Final = 20
"""Of a point, the low bits that tell whose it is; the 64 above them are its place on the ring."""

PLACE_MASK: Final = (1 << PLACE_BITS) - 1

Member = tuple[Handler, int]
"""A handler and its load factor, which is 1 at least."""

md5 = hashlib.md5


def position(key: str) -> int:
    """Return the place of a key on the ring: 64 bits of its MD5, in the high bits of a point."""
    digest = md5(key.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big") << PLACE_BITS


class HashRing:
    """The points of some handlers: as many for each as its load factor says.

    A ring never changes; `changed_to` makes the next one from it, which costs less than anew.
    """

    __slots__ = ("_members", "_owners", "points")

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self.points: list[int] = []
        """All points in their order."""
        self._owners: dict[int, Handler] = {}
        self._members: dict[Member, int] = {}
        self._add(members)

    def find(self, key: str) -> Handler:
        """Return the handler that this key belongs to; the ring must not be empty."""
        points = self.points
        at = bisect_left(points, position(key))
        return self._owners[points[at if at < len(points) else 0] & PLACE_MASK]

    def changed_to(self, members: frozenset[Member]) -> HashRing:
        """Return the ring of these members."""
        ring = HashRing()
        ring._members = {own: at for own, at in self._members.items() if own in members}
        ring._owners = {at: own[0] for own, at in ring._members.items()}
        if len(ring._members) == len(self._members):
            ring.points = self.points.copy()
        else:
            owners = ring._owners
            ring.points = [point for point in self.points if point & PLACE_MASK in owners]
        ring._add([own for own in members if own not in ring._members])
        return ring

    def _add(self, members: Iterable[Member]) -> None:
        free_places = (place for place in count() if place not in self._owners)
        for member in members:
            handler, load_factor = member
            place = next(free_places)
            self._owners[place] = handler
            self._members[member] = place
            self.points += [
                position(f"{handler.stream_id}-{number}") | place
                for number in range(min(load_factor, POINTS_MAX))
            ]
        # What was sorted is one run for this sort, so that one new handler of 500 costs 0.3 ms.
        self.points.sort()
