"""Arguments that no message can carry, told by their names before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ranvier.client.errors import InvalidRequest

SECONDS_MAX: Final = 1_000_000_000
"""Of a time to wait: 31 years."""


def refused_argument(problem: Exception, texts: Mapping[str, object]) -> InvalidRequest:
    """Return the refusal for a message that could not be made, naming which text is to blame."""
    for name, value in texts.items():
        if not is_sendable_text(value):
            return InvalidRequest(f"{name} is {value!r}; it must be text that UTF-8 can hold")
    return InvalidRequest(f"a message cannot hold one of {', '.join(texts)}: {problem}")


def is_sendable_text(value: object) -> bool:
    """Tell whether a value is text without half a surrogate pair."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False
