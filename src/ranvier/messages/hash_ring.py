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
        gone = [own for own in self._members if own not in members]
        lost = [point for own in gone for point in points_of(own, self._members[own])]
        ring.points = without(self.points, sorted(lost))
        ring._add([own for own in members if own not in ring._members])
        return ring

    def _add(self, members: Iterable[Member]) -> None:
        free_places = (place for place in count() if place not in self._owners)
        added: list[int] = []
        for member in members:
            place = next(free_places)
            self._owners[place] = member[0]
            self._members[member] = place
            added += points_of(member, place)
        self.points = merged(self.points, sorted(added))


def points_of(member: Member, place: int) -> list[int]:
    """Return the points of a member who has this place."""
    handler, load_factor = member
    return [
        position(f"{handler.stream_id}-{number}") | place
        for number in range(min(load_factor, POINTS_MAX))
    ]


# Both copy whole runs between the few points that come or go: with 500 handlers, one that comes or
# goes takes 1.7 ms so, and 4.0 by looking at each point.
def without(points: list[int], lost: list[int]) -> list[int]:
    """Return sorted points without those that are lost, sorted too, each of which is there."""
    rest: list[int] = []
    start = 0
    for point in lost:
        at = bisect_left(points, point, start)
        rest += points[start:at]
        start = at + 1
    rest += points[start:]
    return rest


def merged(points: list[int], added: list[int]) -> list[int]:
    """Return sorted points together with others that are sorted too."""
    if len(added) > len(points):
        return sorted(points + added)
    together: list[int] = []
    start = 0
    for point in added:
        at = bisect_left(points, point, start)
        together += points[start:at]
        together.append(point)
        start = at
    together += points[start:]
    return together
