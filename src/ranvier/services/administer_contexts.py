"""Creates, changes and deletes contexts, and tells those who must know of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from ranvier.errors import RanvierError
from ranvier.events.context_name import refuse_context_name
from ranvier.services.errors import CannotPreserveEvents, NodeStopping, TooManyContexts
from ranvier.services.to_its_end import to_its_end
from ranvier.storage.context_catalogue import ContextCatalogue, ContextDescription

CONTEXTS_LIMIT: Final = 10_000
"""Contexts of one node: each is listed, described and watched as a whole."""

logger = logging.getLogger("ranvier.services")


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

    def __init__(self, catalogue: ContextCatalogue) -> None:
        self._catalogue = catalogue
        self._watchers: dict[ContextWatcher, None] = {}
        self._changing = asyncio.Lock()
        self._is_stopping = False

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Refuse new changes, finish the one that is being made, and let the watchers go."""
        self._is_stopping = True
        for watcher in list(self._watchers):
            watcher.ended(NodeStopping())
        async with self._changing:
            pass

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
        self, name: str, *, dcb: bool = False, properties: Mapping[str, str] | None = None
    ) -> None:
        """Create an empty context.

        Raises `InvalidContextName`, `InternalContext`, `ContextExists`, `InvalidContextProperty`
        or `TooManyContexts`.
        """
        async with self._changing:
            self._refuse(name)
            if len(await self._catalogue.names()) >= CONTEXTS_LIMIT:
                raise TooManyContexts(CONTEXTS_LIMIT)
            await self._catalogue.create(name, dcb=dcb, properties=properties)
            self._tell(ContextChange(name, ContextChangeKind.CREATED, dcb))

    @to_its_end
    async def change_properties(self, name: str, changes: Mapping[str, str]) -> None:
        """Set properties; an empty value takes one away, and what is not named stays.

        Raises `UnknownContext`, `InternalContext` or `InvalidContextProperty`.
        """
        async with self._changing:
            self._refuse(name)
            await self._catalogue.change_properties(name, changes)
            is_dcb = (await self._catalogue.describe(name)).dcb
            self._tell(ContextChange(name, ContextChangeKind.UPDATED, is_dcb))

    @to_its_end
    async def delete(self, name: str, *, preserve_events: bool = False) -> None:
        """Delete a context with its events, and have its streams ended.

        Raises `UnknownContext`, `InternalContext` or, where the events shall be kept,
        `CannotPreserveEvents`.
        """
        async with self._changing:
            self._refuse(name)
            is_dcb = (await self._catalogue.describe(name)).dcb
            if preserve_events:
                raise CannotPreserveEvents(name)
            await self._catalogue.delete(name)
            self._tell(ContextChange(name, ContextChangeKind.DELETED, is_dcb))

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        return await self._catalogue.describe(name)

    async def all(self) -> Sequence[ContextDescription]:
        """Describe every context, by name."""
        return [await self._catalogue.describe(name) for name in await self._catalogue.names()]

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
