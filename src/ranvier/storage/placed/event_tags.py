"""The port `EventTags` over several databases."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.events.tag import Tag
from ranvier.storage.placed.routing import Routing


class PlacedEventTags:
    """The tags of each context's events, in its database."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing

    async def add(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Let an event bear these tags too, durably; those that it bears are left as they are."""
        await self._routing.ask(
            context, lambda database, name: database.tags.add(name, token, tags)
        )

    async def remove(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Take these tags from an event, durably; those that it does not bear are ignored."""
        await self._routing.ask(
            context, lambda database, name: database.tags.remove(name, token, tags)
        )

    async def of_event(self, context: str, token: int) -> Sequence[Tag]:
        """The tags of an event, ordered by key and value."""
        return await self._routing.ask(
            context, lambda database, name: database.tags.of_event(name, token)
        )
