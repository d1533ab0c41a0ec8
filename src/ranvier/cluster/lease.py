"""Who may do what only one node does at a time, and for how long he may believe it.

A node beats for all its leases at once: it raises a counter in the database. It trusts its leases
from the moment before a beat for less time than any observer waits, by clocks that only have to run
at the same pace. A fence number, which only rises, makes the database refuse who believes too long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How often a holder beats, how long it trusts a beat, and how long others wait for the next.

    The first is less than the second, the second less than the third.
    """

    beat_seconds: float = 0.5
    trust_seconds: float = 1.5
    ttl_seconds: float = 2.5


@dataclass(frozen=True, slots=True)
class Lease:
    """A named right as it stands in the database.

    `holder` is one run of one node, `node` that node; both are empty where nobody has the right.
    """

    name: str
    fence: int
    holder: str
    node: str


@dataclass(frozen=True, slots=True)
class SeenCounter:
    """A counter, and since when an observer has seen it unchanged, on its own clock."""

    counter: int
    since: float


@dataclass(frozen=True, slots=True)
class HolderWatch:
    """What an observer knows of the holders, as of its last look."""

    looked_at: float | None = None
    counters: Mapping[str, SeenCounter] = field(default_factory=dict)


def looked(
    watch: HolderWatch, counters: Mapping[str, int], now: float, times: LeaseTimes
) -> HolderWatch:
    """Return what is known after a look that was answered `now`.

    An observer that was away for longer than a holder trusts itself begins anew: while it was
    frozen or cut off, so may the others have been.
    """
    was_away = watch.looked_at is None or now - watch.looked_at > times.trust_seconds
    former = {} if was_away else watch.counters
    return HolderWatch(
        now,
        {
            holder: seen
            if (seen := former.get(holder)) is not None and seen.counter == counter
            else SeenCounter(counter, now)
            for holder, counter in counters.items()
        },
    )


def run_out(watch: HolderWatch, times: LeaseTimes) -> Sequence[tuple[str, int]]:
    """Return the holders, with their counters, that have been silent for the whole time."""
    if watch.looked_at is None:
        return []
    return [
        (holder, seen.counter)
        for holder, seen in watch.counters.items()
        if watch.looked_at - seen.since >= times.ttl_seconds
    ]


def trusted_until(asked_at: float, times: LeaseTimes) -> float:
    """Return until when a beat that was sent at `asked_at`, and answered since, may be trusted."""
    return asked_at + times.trust_seconds
