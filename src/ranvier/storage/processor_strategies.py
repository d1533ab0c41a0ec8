"""The port of the strategies by which event processors are balanced for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ranvier.messages.event_processor import ProcessorId


class ProcessorStrategies(Protocol):
    """What somebody has chosen for a processor; where nobody has, there is no entry."""

    async def all(self) -> Mapping[ProcessorId, str]:
        """Return every choice, of all contexts."""
        ...

    async def choose(self, processor: ProcessorId, strategy: str | None) -> None:
        """Keep a choice in place of the former; None takes it away.

        Raises `UnknownContext` or, for a name that no database could store, `InvalidEvent`.
        """
        ...
