"""What may be said of a context beside its name: texts by name, few and short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ranvier.events.errors import InvalidContextProperty
from ranvier.events.limits import TEXT_BYTES, refuse_text

PROPERTIES_PER_CONTEXT: Final = 100
"""They are sent with every description of the context."""

VALUE_BYTES: Final = 4_096
"""A setting or a sentence, not a document."""


def refuse_properties(properties: Mapping[str, str]) -> InvalidContextProperty | None:
    """Say why these properties cannot be stored, or None if they can."""
    refusal = refuse_count(len(properties))
    for name, value in properties.items():
        refusal = refusal or _refuse_name(name) or _refuse_value(name, value)
    return refusal


def refuse_count(count: int) -> InvalidContextProperty | None:
    """Say that a context would have too many properties, or None if it would not."""
    if count <= PROPERTIES_PER_CONTEXT:
        return None
    return InvalidContextProperty(f"there are {count}, the limit is {PROPERTIES_PER_CONTEXT}")


def _refuse_name(name: str) -> InvalidContextProperty | None:
    if not name or refuse_text("name", name) is not None:
        return InvalidContextProperty(
            f"the name {name[:64]!r} must be text of 1 to {TEXT_BYTES} bytes without NUL"
        )
    return None


def _refuse_value(name: str, value: str) -> InvalidContextProperty | None:
    if "\0" in value or len(value.encode(errors="replace")) > VALUE_BYTES or not _is_text(value):
        return InvalidContextProperty(
            f"the value of {name} must be text of at most {VALUE_BYTES} bytes without NUL"
        )
    return None


def _is_text(value: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in value)
