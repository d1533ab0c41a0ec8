"""What the other services of a node do when a context comes or goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranvier.errors import RanvierError
from ranvier.services.administer_contexts import ContextChange, ContextChangeKind
from ranvier.services.context_kinds import ContextKinds


class ContextWatch:
    """Keeps the kinds of contexts true, and has everything ended that works in a deleted one.

    Each of `ends` is called with the name of a context that was deleted.
    """

    def __init__(self, kinds: ContextKinds, ends: Sequence[Callable[[str], None]]) -> None:
        self._kinds = kinds
        self._ends = ends

    def context_changed(self, change: ContextChange) -> None:
        """Take a change."""
        if change.kind is ContextChangeKind.CREATED:
            self._kinds.learn(change.context, dcb=change.dcb)
        elif change.kind is ContextChangeKind.DELETED:
            self._kinds.forget(change.context)
            for end in self._ends:
                end(change.context)

    def ended(self, error: RanvierError) -> None:
        """Do nothing: the node stops, and its services with it."""
