"""Shows moments by a pattern of letters, as Java's date formats have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from ranvier.events.query.bounds import MAXIMUM_DATE_PATTERN_CHARACTERS
from ranvier.events.query.date_parts import DAYS, MONTHS, day_of_year, week_of_year
from ranvier.events.query.errors import refused
from ranvier.events.query.syntax import Text

Piece = Callable[[datetime], str]
"""Shows one part of a moment."""

_PIECE: Final = re.compile(r"(?P<quoted>'[^']*')|(?P<letters>([A-Za-z])\3*)|(?P<plain>[^A-Za-z']+)")


def compile_date_format(pattern: Text) -> Callable[[datetime], str]:
    """Return a function that shows a moment by the pattern.

    Raises:
        QueryError: a letter of the pattern has no meaning, or a quote is not closed.
    """
    if len(pattern.value) > MAXIMUM_DATE_PATTERN_CHARACTERS:
        remedy = f"is longer than {MAXIMUM_DATE_PATTERN_CHARACTERS} characters."
        raise refused(pattern.value, pattern.offset, remedy)
    pieces: list[Piece] = []
    place = 0
    while place < len(pattern.value):
        found = _PIECE.match(pattern.value, place)
        if found is None:
            raise refused(pattern.value, pattern.offset, "has a quote ' that is not closed.")
        pieces.append(_piece(pattern, found))
        place = found.end()
    return lambda moment: "".join([piece(moment) for piece in pieces])


def _piece(pattern: Text, found: re.Match[str]) -> Piece:
    written = found.group()
    if found.lastgroup == "plain":
        return lambda _moment: written
    if found["quoted"] is not None:
        quoted = written[1:-1] or "'"
        return lambda _moment: quoted
    show = _LETTERS.get(written[0])
    if show is None:
        remedy = f"has the letter '{written[0]}', which means nothing in a date; quote it by '."
        raise refused(pattern.value, pattern.offset, remedy)
    return lambda moment: show(moment, len(written))


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:02}" if width == 2 else _padded(moment.year, width)


def _month(moment: datetime, width: int) -> str:
    if width < 3:
        return _padded(moment.month, width)
    name = MONTHS[moment.month - 1]
    return name if width > 3 else name[:3]


def _day_name(moment: datetime, width: int) -> str:
    name = DAYS[moment.weekday()]
    return name if width > 3 else name[:3]


def _fraction(moment: datetime, width: int) -> str:
    return f"{moment.microsecond:06}".ljust(width, "0")[:width]


def _offset(moment: datetime, width: int) -> str:
    shown = moment.strftime("%z")[:5]
    if shown == "+0000":
        return "Z"
    if width == 1:
        return shown if shown[3:] != "00" else shown[:3]
    return shown if width == 2 else f"{shown[:3]}:{shown[3:]}"


def _padded(number: int, width: int) -> str:
    return str(number).rjust(width, "0")


_LETTERS: Final[Mapping[str, Callable[[datetime, int], str]]] = {
    "y": _year,
    "u": _year,
    "M": _month,
    "d": lambda moment, width: _padded(moment.day, width),
    "D": lambda moment, width: _padded(day_of_year(moment), width),
    "w": lambda moment, width: _padded(week_of_year(moment), width),
    "E": _day_name,
    "a": lambda moment, _width: "AM" if moment.hour < 12 else "PM",
    "H": lambda moment, width: _padded(moment.hour, width),
    "h": lambda moment, width: _padded((moment.hour - 1) % 12 + 1, width),
    "m": lambda moment, width: _padded(moment.minute, width),
    "s": lambda moment, width: _padded(moment.second, width),
    "S": _fraction,
    "X": _offset,
    "Z": lambda moment, _width: moment.strftime("%z")[:5],
    "z": lambda moment, _width: moment.tzname() or "",
}
