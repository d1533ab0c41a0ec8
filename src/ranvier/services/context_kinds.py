"""Which contexts are classic and which have dynamic consistency boundaries (DCB).

A context holds events of one of two shapes, for ever: calls for the other shape are refused before
they touch it.
"""

from __future__ import annotations

from typing import Protocol

from ranvier.errors import RanvierError
from ranvier.events.errors import UnknownContext
from ranvier.messages.errors import NoCommandHandler
from ranvier.services.errors import OtherKindOfContext
from ranvier.storage.context_catalogue import ContextCatalogue


class KnownContexts(Protocol):
    """Tells which contexts there are, without waiting."""

    def expect_known(self, context: str) -> None:
        """Raise `UnknownContext` if there is none of that name."""


class ContextKinds:
    """Remembers the kind of each context, so that a hot path asks no database."""

    def __init__(self, catalogue: ContextCatalogue) -> None:
        self._catalogue = catalogue
        self._dcb: dict[str, bool] = {}

    async def start(self) -> None:
        """Learn the kinds of all contexts."""
        for name, mark in (await self._catalogue.marks()).items():
            self._dcb[name] = mark.dcb

    async def stop(self) -> None:
        """Nothing is to be finished."""

    def learn(self, context: str, *, dcb: bool) -> None:
        """Note the kind of a context that has been created."""
        self._dcb[context] = dcb

    def forget(self, context: str) -> None:
        """Forget a context that has been deleted: the next of its name may be of the other kind."""
        self._dcb.pop(context, None)

    def is_dcb(self, context: str) -> bool:
        """Tell whether a context holds DCB events; one that is not known does not."""
        return self._dcb.get(context, False)

    def expect(self, context: str, *, dcb: bool) -> None:
        """Raise `OtherKindOfContext` for a context of the other kind.

        An unknown name passes: whoever reads or writes it is told so by the database.
        """
        if self._dcb.get(context, dcb) is not dcb:
            raise OtherKindOfContext(context, is_dcb=not dcb)

    def expect_known(self, context: str) -> None:
        """Raise `UnknownContext` for a name that no context has."""
        if context not in self._dcb:
            raise UnknownContext(context)


def told(contexts: KnownContexts, error: RanvierError, context: str) -> RanvierError:
    """Return what a caller is told: that nobody handles commands where nothing is, is less."""
    if isinstance(error, NoCommandHandler):
        try:
            contexts.expect_known(context)
        except UnknownContext as unknown:
            return unknown
    return error
