"""How often a peer may do what is harmless once and harmful in masses."""

from __future__ import annotations

from collections.abc import Callable

from ranvier.wire.http2.errors import ConnectionFault, ErrorCode


class Allowance:
    """A bucket of `burst` uses that fills up again at a rate per second."""

    __slots__ = ("_burst", "_clock", "_filled_at", "_left", "_per_second", "_what")

    def __init__(
        self, what: str, burst: float, per_second: float, clock: Callable[[], float]
    ) -> None:
        self._what = what
        self._burst = self._left = burst
        self._per_second = per_second
        self._clock = clock
        self._filled_at = clock()

    def use(self) -> None:
        """Take one; raises ConnectionFault (ENHANCE_YOUR_CALM) where none is left."""
        if not self.take():
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, f"too many {self._what}")

    def take(self) -> bool:
        """Take one; return False where none is left."""
        now = self._clock()
        left = min(self._burst, self._left + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        self._left = left - 1 if left >= 1 else left
        return left >= 1

    def refill(self) -> None:
        """Forget what was used."""
        self._left = self._burst
