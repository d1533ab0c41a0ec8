"""A claimed row: work that is due, taken by one node, that goes away with the append it becomes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """Names a row by its token, as it was claimed.

    Every claim of a row raises its fence, so that only the last one who claimed it can use it.
    """

    token: str
    fence: int
