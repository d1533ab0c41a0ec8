"""Changes and lists the tags of stored events."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.events.tag import Tag
from ranvier.services.errors import NodeStopping
from ranvier.storage.event_tags import EventTags


class TagEvents:
    """The door for tags; a change is durable when its call returns, and later criteria see it."""

    def __init__(self, tags: EventTags) -> None:
        self._tags = tags
        self._is_stopping = False

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Refuse new changes."""
        self._is_stopping = True

    async def add(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Let an event bear these tags too; `NoSuchEvent` where there is none."""
        self._refuse_when_stopping()
        await self._tags.add(context, token, tags)

    async def remove(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Take these tags from an event; `NoSuchEvent` where there is none."""
        self._refuse_when_stopping()
        await self._tags.remove(context, token, tags)

    async def of_event(self, context: str, token: int) -> Sequence[Tag]:
        """Return the tags of an event; `NoSuchEvent` where there is none."""
        return await self._tags.of_event(context, token)

    def _refuse_when_stopping(self) -> None:
        if self._is_stopping:
            raise NodeStopping
