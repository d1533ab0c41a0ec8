"""How long a command may take."""

from __future__ import annotations

from typing import Final

TIMEOUT_MS: Final = 300_000
"""How long a command may take that does not say itself; the same as Axon Server's."""

TIMEOUT_SECONDS: Final = TIMEOUT_MS / 1_000

TIMEOUT_MS_MAX: Final = 24 * 3_600_000
"""The longest that a command may ask for: nobody waits longer at an open call."""


def bounded_timeout_ms(timeout_ms: int) -> int:
    """Return how long a command may take that asks for this: less than 0 counts as not asked."""
    return min(timeout_ms, TIMEOUT_MS_MAX) if timeout_ms > 0 else TIMEOUT_MS
