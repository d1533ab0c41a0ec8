"""The contexts as this node last saw them: others may create and delete them at any time."""

from __future__ import annotations

from ranvier.events.errors import UnknownContext
from ranvier.storage.postgres.connections import Connections
from ranvier.storage.statements import load_statements

_ALL = load_statements(__package__ or "", "contexts")["all"]


class KnownContexts:
    """Names and ids; asked anew for a name that is not known, and whenever the heads are read."""

    def __init__(self, readers: Connections) -> None:
        self._readers = readers
        self._ids: dict[str, int] = {}

    async def id_of(self, name: str) -> int:
        """The id of a context; raises `UnknownContext`."""
        found = self._ids.get(name)
        if found is None:
            await self.refresh()
            found = self._ids.get(name)
        if found is None:
            raise UnknownContext(name)
        return found

    def is_known(self, name: str) -> bool:
        """Tell whether a context has been seen."""
        return name in self._ids

    async def refresh(self) -> None:
        """Read all names."""
        rows = await self._readers.ask(_ALL)
        self.seen({row["name"]: row["id"] for row in rows})

    def seen(self, ids: dict[str, int]) -> None:
        """Take over what a look at all contexts has shown."""
        self._ids = ids

    def add(self, name: str, context_id: int) -> None:
        """A context has been created here."""
        self._ids[name] = context_id

    def remove(self, name: str) -> None:
        """A context is gone."""
        self._ids.pop(name, None)
