"""A condition on single events: the filters of the language without its other steps."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.events.query.evaluate import Condition
from ranvier.events.query.rows import Row


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A filter that has been read; it keeps no state and may be asked about any row."""

    text: str
    condition: Condition

    def matches(self, row: Row) -> bool:
        """Tell whether an event passes.

        Raises:
            QueryError: the row would take more work than the bounds allow.
        """
        return self.condition(row)
