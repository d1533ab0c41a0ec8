"""Which commands are worth a wait: those whose last handler is just being moved to another node."""

from __future__ import annotations

from typing import Final

HOLD_SECONDS: Final = 5.0
"""How long a command waits for a handler that is on its way (correctness rule 16)."""

DEPARTED_MAX: Final = 10_000
"""Names without a handler that are remembered; commands of the oldest are refused at once."""


class MovedHandlers:
    """Remembers the names whose last handler has left, and until when their commands may wait.

    Times are seconds of one clock that never goes back.
    """

    __slots__ = ("_departed", "_moving_until")

    def __init__(self) -> None:
        self._departed: dict[tuple[str, str], float] = {}
        """By context and name: when the last handler left; the oldest first."""
        self._moving_until = float("-inf")

    def moving(self, now: float) -> None:
        """Note that handlers are asked to go to another node: here or elsewhere, now."""
        self._moving_until = now + HOLD_SECONDS

    def left(self, context: str, name: str, now: float) -> None:
        """Note that a name has lost its last handler."""
        self._departed.pop((context, name), None)
        self._departed[context, name] = now
        if len(self._departed) > DEPARTED_MAX:
            del self._departed[next(iter(self._departed))]

    def came(self, context: str, name: str) -> None:
        """Note that a name has a handler."""
        self._departed.pop((context, name), None)

    def hold_until(self, context: str, name: str, now: float) -> float | None:
        """Return until when a command without a handler may wait; None: it is refused now."""
        left_at = self._departed.get((context, name))
        if left_at is None:
            return None
        until = left_at + HOLD_SECONDS
        if now >= until:
            del self._departed[context, name]
            return None
        return until if now < self._moving_until else None
