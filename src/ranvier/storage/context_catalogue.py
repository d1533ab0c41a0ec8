"""The port of the list of contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ContextDescription:
    """What is known of a context without looking at its events."""

    name: str
    dcb: bool
    head: int


class ContextCatalogue(Protocol):
    """The contexts of this database."""

    async def names(self) -> Sequence[str]:
        """All names, sorted."""
        ...

    async def create(self, name: str, *, dcb: bool = False) -> None:
        """Create an empty context; raises `ContextExists` or `InvalidEvent` for a bad name."""
        ...

    async def delete(self, name: str) -> None:
        """Remove a context at once; its events are cleared away in the background."""
        ...

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        ...
