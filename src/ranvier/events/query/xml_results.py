"""What an XPath finds, as a value of the language: text, number, truth, or a list of texts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Final

from ranvier.events.query.values import Number, Value, is_number, text_of
from ranvier.events.query.xml_document import Element

XmlPart = Element | str
XmlAnswer = list[XmlPart] | str | float | bool
"""What a path finds, or what a function such as `count` makes of it."""

_SIGNS: Final[Mapping[str, Callable[..., bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def text_within(part: XmlPart) -> str:
    """Return the text of an element, or the text itself."""
    return part.text() if isinstance(part, Element) else part


def compares(text: str, sign: str, wanted: str | Number) -> bool:
    """Tell whether a text of a document compares so with what a test names."""
    if isinstance(wanted, str) and sign in ("=", "!="):
        return _SIGNS[sign](text, wanted)
    left, right = _number(text), wanted if is_number(wanted) else _number(str(wanted))
    return left is not None and right is not None and _SIGNS[sign](left, right)


def _number(text: str) -> Number | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _as_text(found: XmlAnswer) -> Value:
    if isinstance(found, list):
        return text_within(found[0]) if found else None
    return text_of(found)


def _as_number(found: XmlAnswer) -> Value:
    text = _as_text(found)
    return None if text is None else _number(text_of(text))


def _as_truth(found: XmlAnswer) -> Value:
    return bool(found)


def _as_list(found: XmlAnswer) -> Value:
    return tuple(map(text_within, found)) if isinstance(found, list) else (text_of(found),)


XML_RESULTS: Final[Mapping[str, Callable[[XmlAnswer], Value]]] = {
    "STRING": _as_text,
    "NUMBER": _as_number,
    "BOOLEAN": _as_truth,
    "NODE": _as_text,
    "NODESET": _as_list,
}
"""The kinds of result that a query may ask for."""


def _numbered(found: list[XmlPart]) -> XmlAnswer:
    number = _number(_stringed_text(found))
    return "" if number is None else number


def _stringed_text(found: list[XmlPart]) -> str:
    return text_within(found[0]) if found else ""


XML_FUNCTIONS: Final[Mapping[str, Callable[[list[XmlPart]], XmlAnswer]]] = {
    "count": len,
    "string": _stringed_text,
    "number": _numbered,
    "boolean": bool,
}
"""Functions that may stand around a whole path."""
