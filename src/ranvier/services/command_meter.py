"""Who counts the commands of a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class CommandMeter(Protocol):
    """Counts the commands of each context."""

    def done_all(self, context: str, seconds: Sequence[float]) -> None:
        """Count commands that were answered by their handlers, each so long after it came."""

    def failed(self, context: str) -> None:
        """Count a command that was not."""
