"""Where one is in the Cockpit, and where one can go from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HOME: Final = "/cockpit"


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A page that the navigation leads to; `icon` names one of `cockpit/icons.html`."""

    path: str
    title: str
    icon: str


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the way to the page; the last one, the page itself, has no path."""

    title: str
    path: str = ""


def is_within(path: str, entry: NavigationEntry) -> bool:
    """Tell whether a path belongs to an entry; the Dashboard has no pages below it."""
    return path == entry.path or (entry.path != HOME and path.startswith(f"{entry.path}/"))


def trail(
    path: str, entries: Sequence[NavigationEntry], further: Sequence[Crumb]
) -> tuple[Crumb, ...]:
    """Return the way to a page: from the Dashboard by its entry to what lies below."""
    way = [Crumb(entry.title, entry.path) for entry in entries if is_within(path, entry)]
    if all(crumb.path != HOME for crumb in way):
        way = [Crumb(entry.title, entry.path) for entry in entries if entry.path == HOME] + way
    way += further
    return (*way[:-1], Crumb(way[-1].title)) if way else ()
