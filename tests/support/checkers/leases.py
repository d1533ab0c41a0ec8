"""At a resource fences never fall, and one fence belongs to one holder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.support.checkers.history import FencedWrite


def lease_faults(writes: Iterable[FencedWrite]) -> Iterator[str]:
    """Yield writes that a resource took under a lease that had run out; given in its order."""
    highest = -1
    holders: dict[int, str] = {}
    for write in writes:
        if write.fence < highest:
            yield f"{write.holder} wrote under fence {write.fence} after {highest} had been seen"
        highest = max(highest, write.fence)
        holder = holders.setdefault(write.fence, write.holder)
        if holder != write.holder:
            yield f"{holder} and {write.holder} both wrote under fence {write.fence}"
