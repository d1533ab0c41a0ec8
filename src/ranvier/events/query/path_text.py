"""The text of a path into a document, read character by character; and the work that it may do."""

from __future__ import annotations

import re

from ranvier.events.query.bounds import MAXIMUM_PATH_VISITS
from ranvier.events.query.errors import QueryError
from ranvier.events.query.syntax import Text


class PathText:
    """A place in the text of a path; the errors name both places, in the query and in the path."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self.index = 0

    @property
    def rest(self) -> str:
        """What is not read yet."""
        return self._text.value[self.index :]

    def at(self, *signs: str) -> bool:
        """Tell whether one of these comes next."""
        return self._text.value.startswith(signs, self.index)

    def accept(self, sign: str) -> bool:
        """Step over that sign if it comes next, and tell whether it did."""
        accepted = self.at(sign)
        if accepted:
            self.index += len(sign)
        return accepted

    def expect(self, sign: str) -> None:
        """Step over that sign; refuse anything else."""
        if not self.accept(sign):
            raise self.refusal(f"lacks a '{sign}'")

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what fits the pattern here, if something does."""
        found = pattern.match(self._text.value, self.index)
        if found is not None:
            self.index = found.end()
        return found

    def skip_spaces(self) -> None:
        """Step over blanks."""
        while self.accept(" "):
            pass

    def at_end(self) -> bool:
        """Tell whether the whole path is read."""
        return self.index >= len(self._text.value)

    def refusal(self, fault: str) -> QueryError:
        """Return the refusal of the path, for a fault at this place."""
        position = self._text.offset + 1
        return QueryError(
            f"The path at position {position} {fault} (its character {self.index + 1}).",
            position=position,
            word=self._text.value,
        )

    def visits(self) -> Visits:
        """Return the budget of one look into one document."""
        return Visits(self)


class Visits:
    """How many values of one document a path may still touch."""

    def __init__(self, path: PathText) -> None:
        self._path = path
        self._left = MAXIMUM_PATH_VISITS

    def count(self, number: int) -> None:
        """Count values that were touched; raise `QueryError` where they are too many."""
        self._left -= number
        if self._left < 0:
            fault = f"touches over {MAXIMUM_PATH_VISITS} values of one document; name more of them"
            raise self._path.refusal(fault)
