"""The port `EventTags` on PostgreSQL: changes are made under the head row, between two batches."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.events.errors import NoSuchEvent, UnknownContext
from ranvier.events.limits import refuse_tags
from ranvier.events.tag import Tag
from ranvier.storage.postgres.bounded import bounded
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "tags")


class PostgresEventTags:
    """Adds, removes and lists the tags of single events."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def add(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Let an event bear these tags too, durably."""
        await self._change(context, token, tags, is_added=True)

    async def remove(self, context: str, token: int, tags: Sequence[Tag]) -> None:
        """Take these tags from an event, durably."""
        await self._change(context, token, tags, is_added=False)

    async def of_event(self, context: str, token: int) -> Sequence[Tag]:
        """The tags of an event, ordered by key and value."""
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.readers.ask(_SQL["of_event"], context_id, bounded(token))
        if not rows:
            raise NoSuchEvent(context, token)
        return [Tag(key, value) for key, value in rows if key is not None]

    async def _change(
        self, context: str, token: int, tags: Sequence[Tag], *, is_added: bool
    ) -> None:
        limit = self._tools.options.limits.tags_per_event
        context_id = await self._tools.known.id_of(context)
        refusal = refuse_tags(tags, limit)
        if refusal is not None:
            raise refusal
        rows = await self._tools.write(
            _SQL["change"],
            context_id,
            bounded(token),
            [tag.key for tag in tags],
            [tag.value for tag in tags],
            is_added,
            limit,
        )
        match rows[0][0]:
            case None:
                raise UnknownContext(context)
            case "no event":
                raise NoSuchEvent(context, token)
            case "too many":
                held = {*await self.of_event(context, token), *tags}
                raise refuse_tags(held, limit) or NoSuchEvent(context, token)
