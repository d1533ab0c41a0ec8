"""The contexts as this node last saw them: others may create and delete them at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ranvier.events.errors import UnknownContext
from ranvier.storage.postgres.connections import Connections
from ranvier.storage.statements import load_statements

_ALL = load_statements(__package__ or "", "contexts")["all"]


class KnownContexts:
    """Names and ids; asked anew for a name that is not known, and whenever the heads are read.

    Those that lie in a database of their own are listed, and have no events here.
    """

    def __init__(self, readers: Connections) -> None:
        self._readers = readers
        self._ids: dict[str, int] = {}
        self._placed: dict[str, int] = {}

    async def id_of(self, name: str) -> int:
        """The id of a context; raises `UnknownContext`."""
        found = self._ids.get(name)
        if found is None:
            await self.refresh()
            found = self._ids.get(name)
        if found is None:
            raise UnknownContext(name)
        return found

    async def listed_id_of(self, name: str) -> int:
        """The id of a context wherever its events lie; raises `UnknownContext`."""
        placed = self._placed.get(name)
        if placed is not None:
            return placed
        try:
            return await self.id_of(name)
        except UnknownContext:
            if name in self._placed:
                return self._placed[name]
            raise

    def is_known(self, name: str) -> bool:
        """Tell whether a context has been seen."""
        return name in self._ids

    async def refresh(self) -> None:
        """Read all names."""
        self.listed(await self._readers.ask(_ALL))

    def listed(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take over what a look at the list of contexts has shown."""
        ids: dict[str, int] = {}
        self._placed = {}
        for row in rows:
            (self._placed if row["is_placed"] else ids)[row["name"]] = row["id"]
        self._ids = ids

    def seen(self, ids: dict[str, int]) -> None:
        """Take over what a look at all contexts with events here has shown."""
        self._ids = ids

    def add(self, name: str, context_id: int, *, is_placed: bool) -> None:
        """A context has been created here."""
        (self._placed if is_placed else self._ids)[name] = context_id

    def remove(self, name: str) -> None:
        """A context is gone."""
        self._ids.pop(name, None)
        self._placed.pop(name, None)
