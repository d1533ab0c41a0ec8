"""How much one batch of appends may hold, and how much may wait for the next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Bounds of the append path; an append that alone exceeds those of a batch is a batch."""

    appends_per_batch: int = 1_024
    """A commit answers all of its appends at once: more would make the first wait for the last."""
    events_per_batch: int = 8_192
    """Keeps one commit in the order of 100 ms on a slow disk."""
    bytes_per_batch: int = 8 * 1024 * 1024
    """One batch stands in memory three times: as messages, as rows, as pages of the log."""
    waiting_bytes: int = 64 * 1024 * 1024
    """Of the whole node: open append calls and appends not yet stored."""
    decisions_per_append: int = 100
    """An append that others overtake so often is refused, so that it cannot wait for ever."""
    lookups_per_outcome: int = 10
    """How often a lost outcome is asked for before it is told as unknown."""
    lookup_pause_seconds: float = 0.5
    """Between two such questions: a database that restarts needs a few seconds in all."""
    lookup_seconds: float = 10.0
    """No more such questions after so long: whoever waits for the answer is told what is known."""
