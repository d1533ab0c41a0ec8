"""JSON texts of strangers as plain values, bounded in depth."""

from __future__ import annotations

import json
from typing import Any, Final

from ranvier.events.query.bounds import MAXIMUM_DOCUMENT_LEVELS
from ranvier.events.query.values import Value

Json = Any
"""A value as the standard library reads it: dict, list, str, int, float, bool or None."""

NO_JSON: Final = object()
"""Stands for a text that is no JSON, or nests too deep to be looked into."""

_GREATEST_WHOLE: Final = 2**63 - 1
_WHOLE_CHARACTERS: Final = 20
"""Sign and digits; longer rows of them take time with the square of their length."""


def _whole(digits: str) -> int | float:
    number = int(digits) if len(digits) <= _WHOLE_CHARACTERS else float(digits)
    return number if abs(number) <= _GREATEST_WHOLE else float(number)


_DECODER: Final = json.JSONDecoder(parse_int=_whole)


def json_document(text: str) -> Json:
    """Return what a JSON text says, `NO_JSON` where it says nothing that can be looked into."""
    try:
        document = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return NO_JSON
    # Few documents have so many brackets; only those need the walk.
    may_be_deep = text.count("[") + text.count("{") > MAXIMUM_DOCUMENT_LEVELS
    return NO_JSON if may_be_deep and _is_deep(document) else document


def _is_deep(document: Json) -> bool:
    level = [document]
    for _ in range(MAXIMUM_DOCUMENT_LEVELS):
        level = [inner for each in level for inner in children(each)]
        if not level:
            return False
    return True


def children(value: Json) -> list[Json]:
    """Return the values directly within one."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def value_of(found: Json) -> Value:
    """Return a part of a document as the language works with it."""
    if isinstance(found, str):
        return found if found.isascii() else _storable(found)
    if isinstance(found, dict):
        return {_storable(key): value_of(inner) for key, inner in found.items()}
    if isinstance(found, list):
        return tuple(map(value_of, found))
    number_or_nothing: int | float | bool | None = found
    return number_or_nothing


def _storable(text: str) -> str:
    """Return a text with its lone surrogates replaced: JSON may write them, UTF-8 cannot."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
