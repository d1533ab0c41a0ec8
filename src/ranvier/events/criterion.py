"""A criterion selects events by their tags and names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ranvier.events.tag import Tag


@dataclass(frozen=True, slots=True)
class Criterion:
    """Matches an event that bears all of the tags and one of the names.

    An empty list on either side asks for nothing on that side; an empty criterion matches all.
    """

    tags: tuple[Tag, ...] = ()
    names: tuple[str, ...] = ()

    def matches(self, name: str, tags: Iterable[Tag]) -> bool:
        """Tell whether an event of this name with these tags is selected."""
        if self.names and name not in self.names:
            return False
        return not self.tags or set(self.tags).issubset(tags)


EVERYTHING = Criterion()
"""The criterion that matches every event; a condition without criteria means this one."""
