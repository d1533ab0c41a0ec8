"""Who answers a query: one handler of each component, those of one component by turns.

Handlers of other nodes count as those of this one, and are asked where no handler of this node
suits as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from ranvier.messages.handler import Handler
from ranvier.messages.subscriptions import Subscription
from ranvier.messages.tag_score import best_by_tags

ROUTES_MAX: Final = 10_000
"""Names whose turns are remembered; when there are more, all turns begin anew."""

Metadata = Callable[[], Mapping[str, str]]
"""Reads the metadata of a query; costly, and needed only where a client has tags."""


@dataclass(slots=True)
class Route:
    """The candidates of one name by component, and how often each component was asked."""

    candidates: tuple[Subscription, ...]
    by_component: dict[str, tuple[Subscription, ...]]
    turns: dict[str, int] = field(default_factory=dict)
    has_remote: bool = False
    """Some of the candidates are connected to other nodes."""

    def choose(self, component: str, metadata: Metadata) -> Handler:
        """Return whose turn it is among those of a component whose tags suit best."""
        return self.choose_among(self.by_component[component], component, metadata)

    def choose_among(
        self, candidates: tuple[Subscription, ...], component: str, metadata: Metadata
    ) -> Handler:
        """Return the same of some of the component's candidates; there must be one."""
        best = best_by_tags(candidates, metadata)
        if self.has_remote:
            best = nearest(best)
        turn = self.turns.get(component, 0)
        self.turns[component] = turn + 1
        return best[turn % len(best)].handler


class QueryRouting:
    """Chooses the handlers of queries; all candidates of one call offer the same name."""

    __slots__ = ("_routes",)

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}

    @property
    def kept_routes(self) -> int:
        """The names whose turns are remembered."""
        return len(self._routes)

    def choose(
        self, candidates: tuple[Subscription, ...], metadata: Metadata
    ) -> tuple[Handler, ...]:
        """Return one handler of each component, in the order of the components' coming."""
        if len(candidates) == 1:
            return (candidates[0].handler,)
        if not candidates:
            return ()
        route = self._route(candidates)
        return tuple([route.choose(component, metadata) for component in route.by_component])

    def choose_of(
        self,
        candidates: tuple[Subscription, ...],
        component: str,
        metadata: Metadata,
        tried: Collection[Handler] = (),
    ) -> Handler | None:
        """Return a handler of this component that was not tried, None if it has none."""
        if not candidates:
            return None
        route = self._route(candidates)
        of_component = route.by_component.get(component, ())
        left = tuple([each for each in of_component if each.handler not in tried])
        return route.choose_among(left, component, metadata) if left else None

    def _route(self, candidates: tuple[Subscription, ...]) -> Route:
        first = candidates[0]
        name = (first.handler.context, first.name)
        known = self._routes.get(name)
        if known is not None and known.candidates is candidates:
            return known
        if known is None and len(self._routes) >= ROUTES_MAX:
            self._routes.clear()
        by_component = grouped(candidates)
        turns = {} if known is None else known.turns
        kept = {own: turn for own, turn in turns.items() if own in by_component}
        has_remote = any(each.handler.node for each in candidates)
        route = self._routes[name] = Route(candidates, by_component, kept, has_remote)
        return route


def nearest(candidates: tuple[Subscription, ...]) -> tuple[Subscription, ...]:
    """Return the candidates on this node; all, where none is."""
    own = tuple([each for each in candidates if not each.handler.node])
    return own or candidates


def grouped(candidates: tuple[Subscription, ...]) -> dict[str, tuple[Subscription, ...]]:
    """Return the candidates of each component, in their order."""
    groups: dict[str, list[Subscription]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.handler.component_name, []).append(candidate)
    return {component: tuple(group) for component, group in groups.items()}
