"""A row of an answer, as it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ranvier.events.query.rows import Shown


@dataclass(frozen=True, slots=True)
class Answer:
    """One row; a later one with the same identity replaces it, without `cells` takes it away.

    `sort_values` are what it is ordered by.
    """

    identity: tuple[Shown, ...]
    sort_values: tuple[Shown, ...]
    cells: Mapping[str, Shown] | None
