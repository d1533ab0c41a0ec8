"""The value of one property of a JSON payload, by a path of names and places.

    path   ['$'] step*      step   '.' name  |  '[' whole ']'  |  "['" name "']"

The first dot may be left out, so that a bare property name is a path, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

STEPS_AT_MOST: Final = 32
"""Deeper than people nest what they sequence by."""

_STEP: Final = re.compile(r"\.?([^.\[\]'\"\s$][^.\[\]'\"]*)|\[(\d{1,9})\]|\[(['\"])([^'\"]+)\3\]")

PropertyPath = Callable[[bytes], str | None]
"""Returns the property as text; None where the payload is no JSON or has no such property."""


def read_property_path(text: str) -> PropertyPath | None:
    """Return the path that a text describes, or None if it describes none."""
    rest = text.strip().removeprefix("$")
    steps: list[str | int] = []
    while rest:
        found = _STEP.match(rest)
        if found is None or len(steps) == STEPS_AT_MOST:
            return None
        name, place, _, quoted = found.groups()
        steps.append(int(place) if place is not None else name or quoted)
        rest = rest[found.end() :]
    if not steps:
        return None
    return lambda payload: _text_of(_walked(payload, steps))


def _walked(payload: bytes, steps: list[str | int]) -> Any:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _text_of(value: Any) -> str | None:
    """Write a value so that equal ones have equal texts, whatever can be encoded."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text.encode("utf-8", "replace").decode()
