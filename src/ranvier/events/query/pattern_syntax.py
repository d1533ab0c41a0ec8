"""Patterns of `match`: which regular expressions are understood, and how they are read.

Understood: characters, `.` (any character, line ends too), `\\d \\w \\s` and their opposites,
`\\t \\n \\r \\f`, signs behind a backslash, classes such as `[a-z_]` and `[^0-9]`, groups `( )`
and `(?: )`, `|`, and the repetitions `* + ? {n} {n,} {n,m}`, also with a `?` behind them. A
pattern must fit the *whole* text, so `^` at its beginning and `$` at its end change nothing.

Refused: back references, look ahead and behind, possessive repetitions, word boundaries, flags,
classes within classes. Either they cannot be matched in a time that grows with the text's length
alone, or nobody searches events with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.events.query.bounds import (
    MAXIMUM_PATTERN_CHARACTERS,
    MAXIMUM_PATTERN_NESTING_LEVELS,
    MAXIMUM_PATTERN_REPETITIONS,
)
from ranvier.events.query.errors import QueryError
from ranvier.events.query.syntax import Text


@dataclass(frozen=True, slots=True)
class Letters:
    """One character out of a set, given as ranges with both ends."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def include(self, character: str) -> bool:
        """Tell whether the set has this character."""
        return self.negated != any(low <= character <= high for low, high in self.ranges)


@dataclass(frozen=True, slots=True)
class Series:
    """One part after the other; without parts, the empty text."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options."""

    options: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """A part at least and at most so many times; `most` None: without end."""

    part: Part
    least: int
    most: int | None


Part = Letters | Series | Choice | Repetition

ANY: Final = Letters((), negated=True)

_DIGITS: Final = (("0", "9"),)
_WORD: Final = (("a", "z"), ("A", "Z"), ("_", "_"), ("0", "9"))
_SPACE: Final = ((" ", " "), ("\t", "\r"))
_SETS: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_SPECIAL: Final = frozenset("*+?{}()[]|^$")


def read_pattern(text: Text) -> Part:
    """Return what a quoted text means as a pattern.

    Raises:
        QueryError: the pattern is none of those understood, or goes over a bound.
    """
    return _PatternReader(text).whole()


class _PatternReader:
    """Reads a pattern from left to right; each method reads what its name says."""

    def __init__(self, text: Text) -> None:
        self._pattern = text.value
        self._offset = text.offset
        self._index = 0
        self._nesting_levels = 0
        if len(self._pattern) > MAXIMUM_PATTERN_CHARACTERS:
            raise self._refusal(f"has more than {MAXIMUM_PATTERN_CHARACTERS} characters")

    def whole(self) -> Part:
        """Read the pattern to its end."""
        self._accept("^")
        part = self._choice()
        if self._index < len(self._pattern):
            raise self._refusal(f"has a '{self._next}' that does not fit there")
        return part

    def _choice(self) -> Part:
        options = [self._series()]
        while self._accept("|"):
            options.append(self._series())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _series(self) -> Part:
        parts: list[Part] = []
        while self._next not in ("", "|", ")") and not self._at_closing_dollar():
            parts.append(self._repeated(self._single()))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def _at_closing_dollar(self) -> bool:
        if self._next != "$" or self._index != len(self._pattern) - 1:
            return False
        self._index += 1
        return True

    def _repeated(self, part: Part) -> Part:
        match self._next:
            case "*":
                repeated = Repetition(part, 0, None)
            case "+":
                repeated = Repetition(part, 1, None)
            case "?":
                repeated = Repetition(part, 0, 1)
            case "{":
                return self._repeated_so_often(part)
            case _:
                return part
        self._index += 1
        return self._without_mood(repeated)

    def _repeated_so_often(self, part: Part) -> Part:
        self._index += 1
        least = self._count()
        most: int | None = least
        if self._accept(","):
            most = None if self._next == "}" else self._count()
        if not self._accept("}") or (most is not None and most < least):
            raise self._refusal("has braces that are not of the form {2}, {2,} or {2,5}")
        return self._without_mood(Repetition(part, least, most))

    def _without_mood(self, part: Part) -> Part:
        # Where the whole text must fit, the least and the most are the same answer.
        self._accept("?")
        if self._next in ("*", "+", "?", "{") and self._next:
            raise self._refusal(f"repeats what is repeated, with '{self._next}'")
        return part

    def _count(self) -> int:
        start = self._index
        while "0" <= self._next <= "9":
            self._index += 1
        digits = self._pattern[start : self._index]
        if not digits or len(digits) > 4 or int(digits) > MAXIMUM_PATTERN_REPETITIONS:
            remedy = f"needs a number up to {MAXIMUM_PATTERN_REPETITIONS} in its braces"
            raise self._refusal(remedy)
        return int(digits)

    def _single(self) -> Part:
        character = self._take()
        match character:
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                return ANY
            case "\\":
                return self._escaped()
            case _ if character in _SPECIAL:
                raise self._refusal(f"has a '{character}' that does not fit there", back=1)
            case _:
                return Letters(((character, character),))

    def _group(self) -> Part:
        self._nesting_levels += 1
        if self._nesting_levels > MAXIMUM_PATTERN_NESTING_LEVELS:
            raise self._refusal(f"nests over {MAXIMUM_PATTERN_NESTING_LEVELS} groups")
        if self._accept("?") and not self._accept(":"):
            raise self._refusal("has a group of a kind that is not understood, only ( ) and (?: )")
        part = self._choice()
        if not self._accept(")"):
            raise self._refusal("has a group that is not closed")
        self._nesting_levels -= 1
        return part

    def _escaped(self) -> Letters:
        character = self._take()
        if character.lower() in _SETS:
            return Letters(_SETS[character.lower()], negated=character.isupper())
        character = _CONTROLS.get(character, character)
        if not character or (character.isalnum() and character.isascii()):
            raise self._refusal(f"has a '\\{character}', which is not understood", back=1)
        return Letters(((character, character),))

    def _class(self) -> Letters:
        negated = self._accept("^")
        ranges: list[tuple[str, str]] = []
        while self._next not in ("]", ""):
            ranges.extend(self._class_member())
        if not self._accept("]") or not ranges:
            raise self._refusal("has a class '[ ]' that is empty or not closed")
        return Letters(tuple(ranges), negated)

    def _class_member(self) -> tuple[tuple[str, str], ...]:
        low = self._class_letters()
        if len(low.ranges) > 1 or low.ranges[0][0] != low.ranges[0][1] or not self._at_range():
            return low.ranges
        self._index += 1
        (start, _), *_ = low.ranges
        (_, end), *more = self._class_letters().ranges
        if more or end < start:
            raise self._refusal("has a range in '[ ]' whose end lies before its start")
        return ((start, end),)

    def _at_range(self) -> bool:
        return self._next == "-" and self._pattern[self._index + 1 : self._index + 2] != "]"

    def _class_letters(self) -> Letters:
        character = self._take()
        if character == "\\":
            letters = self._escaped()
            if letters.negated:
                raise self._refusal("has an opposite such as '\\D' within '[ ]'")
            return letters
        if character in ("[", "&", ""):
            raise self._refusal(f"has a '{character}' within '[ ]'; put a backslash before it")
        return Letters(((character, character),))

    @property
    def _next(self) -> str:
        return self._pattern[self._index : self._index + 1]

    def _take(self) -> str:
        character = self._next
        self._index += 1
        return character

    def _accept(self, character: str) -> bool:
        accepted = self._next == character
        if accepted:
            self._index += 1
        return accepted

    def _refusal(self, fault: str, *, back: int = 0) -> QueryError:
        position = self._offset + 1
        place = min(self._index - back, len(self._pattern)) + 1
        return QueryError(
            f"The pattern at position {position} {fault} (its character {place}).",
            position=position,
            word=self._pattern,
        )
