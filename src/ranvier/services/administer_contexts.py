"""Creates, changes and deletes contexts, and tells those who must know of it.

What other nodes do is seen by a look at the catalogue each second, and at once when one of them
says that there is something to see.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from ranvier.config.database_address import read_dsn
from ranvier.errors import RanvierError
from ranvier.events.context_name import refuse_context_name
from ranvier.security.secret import Secret
from ranvier.services.errors import (
    CannotPreserveEvents,
    InvalidContextDatabase,
    NodeStopping,
    TooManyContexts,
)
from ranvier.services.standing_trouble import StandingTrouble
from ranvier.services.to_its_end import to_its_end
from ranvier.storage.context_catalogue import ContextCatalogue, ContextDescription, ContextMark

CONTEXTS_LIMIT: Final = 10_000
"""Contexts of one node: each is listed, described and watched as a whole."""

LOOK_PAUSE_SECONDS: Final = 1.0
"""Between two looks at what other nodes have done."""

logger = logging.getLogger("ranvier.services")


async def until_next_look() -> None:
    """Wait for the time of one pause between looks."""
    await asyncio.sleep(LOOK_PAUSE_SECONDS)


class ContextChangeKind(Enum):
    """What happened to a context."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ContextChange:
    """Something that happened to one context; `dcb` is its kind."""

    context: str
    kind: ContextChangeKind
    dcb: bool


class ContextWatcher(Protocol):
    """Who is told of changes to contexts; what it raises is logged and harms nobody else."""

    def context_changed(self, change: ContextChange) -> None:
        """Take a change that is durable."""

    def ended(self, error: RanvierError) -> None:
        """Learn that nothing more will be told, and why."""


class AdministerContexts:
    """The one door through which contexts come and go while the node runs; one at a time.

    A change that has begun goes on to its end, also when whoever asked for it has gone.
    """

    def __init__(
        self,
        catalogue: ContextCatalogue,
        next_look: Callable[[], Awaitable[None]] = until_next_look,
    ) -> None:
        self._catalogue = catalogue
        self._next_look = next_look
        self._watchers: dict[ContextWatcher, None] = {}
        self._seen: Mapping[str, ContextMark] = {}
        self._changing = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def start(self) -> None:
        """See which contexts there are, and begin to look for changes by other nodes."""
        await self.look()
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Refuse new changes, finish the one that is being made, and let the watchers go."""
        self._is_stopping = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for watcher in list(self._watchers):
            watcher.ended(NodeStopping())
        async with self._changing:
            pass

    async def look(self) -> None:
        """Look at the catalogue and tell of everything that has changed since the last look.

        Raises `StorageUnavailable`; the next look then tells.
        """
        # One look after the other: an older picture never comes after a newer one.
        async with self._reading:
            seen = await self._catalogue.marks()
            former, self._seen = self._seen, seen
            for change in changes_between(former, seen):
                self._tell(change)

    def watch(self, watcher: ContextWatcher) -> None:
        """Have a watcher told of every change from now on; raises `NodeStopping`."""
        if self._is_stopping:
            raise NodeStopping
        self._watchers[watcher] = None

    def unwatch(self, watcher: ContextWatcher) -> None:
        """Tell a watcher nothing more."""
        self._watchers.pop(watcher, None)

    @to_its_end
    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] | None = None,
        database: str | None = None,
    ) -> None:
        """Create an empty context; `database` is the address of one of its own.

        Raises `InvalidContextName`, `InternalContext`, `ContextExists`, `InvalidContextProperty`,
        `TooManyContexts`, or what speaks against that database.
        """
        address = None if database is None else address_of(database)
        async with self._changing:
            self._refuse(name)
            if len(await self._catalogue.names()) >= CONTEXTS_LIMIT:
                raise TooManyContexts(CONTEXTS_LIMIT)
            await self._catalogue.create(name, dcb=dcb, properties=properties, database=address)
            await self._changed()

    @to_its_end
    async def change_properties(self, name: str, changes: Mapping[str, str]) -> None:
        """Set properties; an empty value takes one away, and what is not named stays.

        Raises `UnknownContext`, `InternalContext` or `InvalidContextProperty`.
        """
        async with self._changing:
            self._refuse(name)
            await self._catalogue.change_properties(name, changes)
            await self._changed()

    @to_its_end
    async def delete(self, name: str, *, preserve_events: bool = False) -> None:
        """Delete a context with its events, and have its streams ended.

        Raises `UnknownContext`, `InternalContext` or, where the events shall be kept,
        `CannotPreserveEvents`.
        """
        async with self._changing:
            self._refuse(name)
            await self._catalogue.describe(name)
            if preserve_events:
                raise CannotPreserveEvents(name)
            await self._catalogue.delete(name)
            await self._changed()

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        return await self._catalogue.describe(name)

    async def all(self) -> Sequence[ContextDescription]:
        """Describe every context, by name."""
        return await self._catalogue.all()

    async def _look_for_ever(self) -> None:
        trouble = StandingTrouble("the contexts could not be looked at")
        while True:
            await self._next_look()
            try:
                await self.look()
                trouble.end()
            except RanvierError as error:
                trouble.tell(error)
            except Exception:
                logger.exception("the look at the contexts failed")

    async def _changed(self) -> None:
        """Tell of a change that is durable, whatever becomes of the look."""
        try:
            await self.look()
        except RanvierError as error:
            logger.warning("a change of contexts will be told later: %s", error)

    def _refuse(self, name: str) -> None:
        if self._is_stopping:
            raise NodeStopping
        refusal = refuse_context_name(name)
        if refusal is not None:
            raise refusal

    def _tell(self, change: ContextChange) -> None:
        for watcher in list(self._watchers):
            try:
                watcher.context_changed(change)
            except Exception:
                logger.exception("a change of context %s was not taken", change.context)


def address_of(database: str) -> Secret:
    """Return the address of a database; raises `InvalidContextDatabase`, which does not show it."""
    try:
        return read_dsn(database)
    except ValueError:
        raise InvalidContextDatabase from None


def changes_between(
    former: Mapping[str, ContextMark], seen: Mapping[str, ContextMark]
) -> Sequence[ContextChange]:
    """Return what has happened between two looks; a name can be gone and back as another one."""
    changes: list[ContextChange] = []
    for name, mark in former.items():
        if name not in seen or seen[name].number != mark.number:
            changes.append(ContextChange(name, ContextChangeKind.DELETED, mark.dcb))
    for name, mark in seen.items():
        known = former.get(name)
        if known is None or known.number != mark.number:
            changes.append(ContextChange(name, ContextChangeKind.CREATED, mark.dcb))
        elif known.property_revision != mark.property_revision:
            changes.append(ContextChange(name, ContextChangeKind.UPDATED, mark.dcb))
    return changes
