"""The values that expressions work with, and how two of them compare.

Values of one type compare as that type does; values of two types compare as texts. Nothing
(`None`, what an impossible calculation gives) equals nothing but itself and has no order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeGuard

Value = str | int | float | bool | tuple["Value", ...] | Mapping[str, "Value"] | None
Number = int | float


def text_of(value: Value) -> str:
    """Return the value as text: `[a, b]` for lists, `{key=value}` in the order of the keys."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return f"[{', '.join(map(text_of, value))}]"
        case Mapping():
            return "{" + ", ".join(f"{key}={text_of(value[key])}" for key in sorted(value)) + "}"
        case _:
            return str(value)


def equal(left: Value, right: Value) -> bool:
    """Tell whether two values are the same, as texts where their types differ."""
    if left is None or right is None:
        return left is right
    if type(left) is type(right) or (is_number(left) and is_number(right)):
        return left == right
    return text_of(left) == text_of(right)


def ordered(left: Value, right: Value, holds: Callable[..., bool]) -> bool:
    """Tell whether `holds`, such as `operator.lt`, is true of two values."""
    if left is None or right is None:
        return False
    if is_number(left) and is_number(right):
        return holds(left, right)
    return holds(text_of(left), text_of(right))


def is_number(value: Value) -> TypeGuard[Number]:
    """Tell numbers from truth values, which Python counts among them."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
