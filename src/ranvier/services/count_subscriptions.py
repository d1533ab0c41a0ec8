"""Counts the subscription queries of each application, in each context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ranvier.services.open_subscription import SubscriptionRequest

COMPONENTS_COUNTED_MAX: Final = 10_000
"""Applications whose subscription queries are counted; further ones are not."""


@dataclass(slots=True)
class SubscriptionCounts:
    """What one application has subscribed to, in one context."""

    active: int = 0
    total: int = 0
    updates: int = 0


class CountSubscriptions:
    """The counts of all applications whose clients subscribe at this node."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], SubscriptionCounts] = {}

    def of(self, context: str, component_name: str) -> SubscriptionCounts:
        """Return the counts of an application."""
        return self._counts.get((context, component_name)) or SubscriptionCounts()

    def by_context(self, what: Callable[[SubscriptionCounts], int]) -> dict[str, int]:
        """Return one of the counts for each context, of all applications together."""
        sums: dict[str, int] = {}
        for (context, _), counts in self._counts.items():
            sums[context] = sums.get(context, 0) + what(counts)
        return sums

    def add(
        self, request: SubscriptionRequest, *, active: int = 0, total: int = 0, updates: int = 0
    ) -> None:
        """Count for the application that has made a request."""
        key = request.context, request.component_name
        counts = self._counts.get(key)
        if counts is None:
            if len(self._counts) >= COMPONENTS_COUNTED_MAX:
                return
            counts = self._counts[key] = SubscriptionCounts()
        counts.active += active
        counts.total += total
        counts.updates += updates
