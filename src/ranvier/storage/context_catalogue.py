"""The port of the list of contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ranvier.security.secret import Secret


@dataclass(frozen=True, slots=True)
class ContextDescription:
    """What is known of a context without looking at its events."""

    name: str
    dcb: bool
    head: int
    properties: Mapping[str, str] = field(default_factory=dict)
    has_own_database: bool = False
    """Its events lie in a database of its own."""


@dataclass(frozen=True, slots=True)
class ContextMark:
    """By what one sees that a context has come, gone or changed.

    `number` is never used again: a context that was deleted and created anew is another one.
    """

    number: int
    dcb: bool
    property_revision: int


class ContextCatalogue(Protocol):
    """The contexts of this database."""

    async def names(self) -> Sequence[str]:
        """All names, sorted."""
        ...

    async def marks(self) -> Mapping[str, ContextMark]:
        """The mark of every context, by name; cheap enough for a look each second."""
        ...

    async def all(self) -> Sequence[ContextDescription]:
        """Describe every context as of one moment, by name."""
        ...

    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] | None = None,
        database: Secret | None = None,
    ) -> None:
        """Create an empty context with its properties, on request in a database of its own.

        Raises `ContextExists`, `InvalidEvent` for a bad name or `InvalidContextProperty`; for that
        database `ContextsLieHere`, `ContextDatabaseRefused` or `ContextDatabaseUnavailable`.
        """
        ...

    async def change_properties(self, name: str, changes: Mapping[str, str]) -> None:
        """Set these properties and leave the others; an empty value takes a property away.

        Raises `UnknownContext` or `InvalidContextProperty`.
        """
        ...

    async def delete(self, name: str) -> None:
        """Remove a context at once; its events are cleared away in the background."""
        ...

    async def describe(self, name: str) -> ContextDescription:
        """Describe one context; raises `UnknownContext`."""
        ...
