"""What the rows hold at one place of a query: events first, then what the shapers make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.events.query.rows import COLUMNS, TIMESTAMP


@dataclass(frozen=True, slots=True)
class Scope:
    """The columns by name, and those of them that are times."""

    columns: tuple[str, ...]
    times: frozenset[str]


EVENT_SCOPE: Final = Scope(COLUMNS, frozenset({TIMESTAMP}))
