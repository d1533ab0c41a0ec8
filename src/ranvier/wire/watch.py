"""When a connection is pinged or closed for being silent, idle or old; decides, does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import inf

from ranvier.wire.connection_limits import ConnectionLimits

IDLE_SAMPLES = 4
"""Looks per idle time: a connection is closed at most a quarter later than it could be."""

PING_SPREAD = 0.5
"""Share by which pings come earlier at random: who came together is not asked together."""

IMPATIENCE_SECONDS = 0.001
"""Looks are at least so far apart: a peer that is late with its handshake is not pinged."""


LATE_SECONDS = 0.2
"""A look that is later than this finds a process that has not run: what the peer has said meanwhile
may lie unread, and the peer gets its time to answer once more."""


class Step(Enum):
    """What is to be done with the connection now."""

    WAIT = auto()
    PING = auto()
    DRAIN = auto()
    """Take no new streams, let the open ones end."""
    CUT = auto()
    """Close at once: the peer is gone, never said hello, or had its grace."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a connection at one look; times in seconds of one monotonic clock."""

    now: float
    has_spoken: bool
    """Bytes came since the last look."""
    is_established: bool
    """The peer's preface and SETTINGS have come."""
    streams_open: int
    streams_ever: int


class Watch:
    """The watch over one connection: `look` at the time it last named, do what it says."""

    __slots__ = (
        "_age_at",
        "_drained_at",
        "_due_at",
        "_handshake_at",
        "_idle_since",
        "_is_forgiven",
        "_is_plain",
        "_last_heard",
        "_limits",
        "_pinged_at",
        "_silence_seconds",
        "_streams_ever",
    )

    def __init__(self, limits: ConnectionLimits, now: float, spread: float) -> None:
        """Start at `now`; `spread` from -1 to 1 says where among others this connection lies."""
        self._limits = limits
        self._is_plain = limits.age_seconds is None and limits.idle_seconds is None
        self._handshake_at = later(now, limits.handshake_seconds)
        self._age_at = inf
        if limits.age_seconds is not None:
            self._age_at = now + limits.age_seconds * (1 + limits.age_spread * spread)
        self._last_heard = self._idle_since = now
        self._silence_seconds = limits.keep_alive_seconds
        if limits.keep_alive_seconds is not None:
            self._silence_seconds = limits.keep_alive_seconds * (1 - PING_SPREAD * (1 + spread) / 2)
        self._pinged_at: float | None = None
        self._drained_at: float | None = None
        self._streams_ever = 0
        self._due_at = inf
        self._is_forgiven = False

    def heard(self, now: float) -> float | None:
        """Note that bytes came, and return when to look again; None where a whole look is due.

        A whole look is due while the connection's age or idleness counts, or its end.
        """
        if not self._is_plain or self._drained_at is not None:
            return None
        self._last_heard = now
        self._pinged_at = None
        self._is_forgiven = False
        self._due_at = self._ping_at()
        return self._due_at

    def look(self, sight: Sight) -> tuple[Step, float]:
        """Return what to do, and when to look again (infinity: never)."""
        self._notice(sight)
        step = self._step(sight)
        if step is Step.PING:
            self._pinged_at = sight.now
        elif step is Step.DRAIN:
            self._drained_at = sight.now
        self._due_at = self._next_look(sight)
        return step, self._due_at

    def _notice(self, sight: Sight) -> None:
        if sight.has_spoken:
            self._last_heard = sight.now
            self._pinged_at = None
            self._is_forgiven = False
        if sight.streams_open or sight.streams_ever != self._streams_ever:
            self._idle_since = sight.now
            self._streams_ever = sight.streams_ever

    def _step(self, sight: Sight) -> Step:
        if not sight.is_established:
            return Step.CUT if sight.now >= self._handshake_at else Step.WAIT
        if sight.now >= self._grace_ends_at():
            return Step.CUT
        if sight.now >= self._dead_at():
            if self._is_forgiven or sight.now - self._due_at <= LATE_SECONDS:
                return Step.CUT
            self._is_forgiven = True
            return Step.PING
        if self._drained_at is None and sight.now >= min(self._age_at, self._idle_at()):
            return Step.DRAIN
        if self._pinged_at is None and sight.now >= self._ping_at():
            return Step.PING
        return Step.WAIT

    def _next_look(self, sight: Sight) -> float:
        times = [self._dead_at(), self._grace_ends_at()]
        if not sight.is_established:
            times.append(self._handshake_at)
        if self._pinged_at is None:
            times.append(max(self._ping_at(), sight.now + IMPATIENCE_SECONDS))
        if self._drained_at is None:
            times.append(self._age_at)
            if self._limits.idle_seconds is not None:
                times.append(sight.now + self._limits.idle_seconds / IDLE_SAMPLES)
        return min(times)

    def _ping_at(self) -> float:
        return later(self._last_heard, self._silence_seconds)

    def _dead_at(self) -> float:
        if self._pinged_at is None:
            return inf
        return self._pinged_at + self._limits.keep_alive_timeout_seconds

    def _idle_at(self) -> float:
        return later(self._idle_since, self._limits.idle_seconds)

    def _grace_ends_at(self) -> float:
        if self._drained_at is None:
            return inf
        return later(self._drained_at, self._limits.age_grace_seconds)


def later(start: float, seconds: float | None) -> float:
    """Return the time so much later; never, where the limit is off."""
    return inf if seconds is None else start + seconds
