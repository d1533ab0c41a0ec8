"""The port of the tags of stored events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ranvier.events.tag import Tag


class EventTags(Protocol):
    """The tags of all events; an unknown context raises `UnknownContext`.

    Tags decide what criteria match. So a change has its place in the one order of the context's
    appends: conditions that are judged after it see it, those before do not. Each call raises
    `NoSuchEvent` for a token that no event has.
    """

    async def add(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Let an event bear these tags too, durably; those that it bears are left as they are.

        Raises `InvalidEvent` when it would bear more than an event may.
        """
        ...

    async def remove(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Take these tags from an event, durably; those that it does not bear are ignored."""
        ...

    async def of_event(self, context: str, token: int) -> Sequence[Tag]:
        """The tags of an event, ordered by key and value."""
        ...
