"""The port `ContextCatalogue` where contexts may lie in databases of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranvier.events.errors import ContextExists, UnknownContext
from ranvier.security.secret import Secret
from ranvier.storage.context_catalogue import ContextDescription, ContextMark
from ranvier.storage.errors import (
    ContextDatabaseRefused,
    ContextDatabaseUnavailable,
    DatabaseTaken,
    StorageError,
    StorageNotOpen,
    StorageUnavailable,
    UnsafeDatabase,
)
from ranvier.storage.event_log import EventLog
from ranvier.storage.placed.routing import Routing, in_place


class PlacedContexts:
    """The list of contexts is the system database's; heads come from where the events lie."""

    def __init__(self, routing: Routing, events: EventLog) -> None:
        self._routing = routing
        self._home = routing.home.contexts
        self._events = events

    async def names(self) -> Sequence[str]:
        """All names, sorted."""
        return await self._home.names()

    async def marks(self) -> Mapping[str, ContextMark]:
        """The mark of every context, by name."""
        # Whoever looks for changes by other nodes finds here where the new contexts lie, too.
        await self._routing.refresh()
        return await self._home.marks()

    async def all(self) -> Sequence[ContextDescription]:
        """Describe every context, by name; of a database that is gone, as far as is known."""
        described = await self._home.all()
        if not self._routing.contexts():
            return described
        heads = await self._events.heads()
        return [
            replace(
                each,
                head=heads.get(each.name, each.head),
                has_own_database=self._routing.find(each.name) is not None,
            )
            for each in described
        ]

    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] | None = None,
        database: Secret | None = None,
    ) -> None:
        """Create an empty context durably, with its properties, here or in another database."""
        if database is None:
            await self._home.create(name, dcb=dcb, properties=properties)
            return
        if name in await self._home.names():
            raise ContextExists(name)  # before anything is done elsewhere
        self._routing.await_context_at(database)
        try:
            await self._open(name, database)
            await self._home.create(name, dcb=dcb, properties=properties, database=database)
            await self._make(name)
        finally:
            self._routing.await_context_at(database, is_over=True)
            await self._routing.refresh()

    async def change_properties(self, name: str, changes: Mapping[str, str]) -> None:
        """Set these properties and leave the others; an empty value takes a property away."""
        await self._home.change_properties(name, changes)

    async def delete(self, name: str) -> None:
        """Take the name away at once; the rows are cleared in the background, wherever they are."""
        await self._home.delete(name)
        await self._routing.refresh()

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        described = await self._home.describe(name)
        if self._routing.find(name) is None:
            return described
        try:
            head = await self._events.head(name)
        except ContextDatabaseUnavailable:
            head = (await self._events.heads()).get(name, 0)
        return replace(described, head=head, has_own_database=True)

    async def _open(self, name: str, address: Secret) -> None:
        try:
            await self._routing.database_at(address).opened()
        except StorageError as error:
            raise refused(name, error) from error

    async def _make(self, name: str) -> None:
        """Make the context in its own database; where that fails, it is not there at all."""
        await self._routing.refresh()
        placed = self._routing.find(name)
        if placed is None:
            raise UnknownContext(name)  # deleted by another node meanwhile
        try:
            await self._routing.database_of(placed)
        except BaseException:
            await self._home.delete(name)
            raise


def refused(context: str, error: StorageError) -> StorageError:
    """Return why a context cannot be placed in a database: one sentence, without its address."""
    if isinstance(error, DatabaseTaken):
        return ContextDatabaseRefused(context, error.reason)
    if isinstance(error, UnsafeDatabase):
        return ContextDatabaseRefused(context, error.reason)
    if isinstance(error, StorageUnavailable) and not isinstance(error, StorageNotOpen):
        return ContextDatabaseUnavailable(context, in_place(error.reason))
    if isinstance(error, StorageNotOpen):
        return error
    text = in_place(str(error)).rstrip(".")
    return ContextDatabaseRefused(context, text[:1].lower() + text[1:])
