"""Calculation with the numbers of a row; what cannot be calculated is nothing (`None`).

Whole numbers stay whole within 63 bits and become floating point beyond, so that no result
grows without bound.
"""

from __future__ import annotations

from collections.abc import Callable
from math import fmod, isfinite

from ranvier.events.query.values import Number, Value, is_number

_GREATEST_WHOLE = 2**63 - 1


def total(left: Value, right: Value) -> Value:
    """Return the sum."""
    return _calculated(left, right, lambda a, b: a + b)


def difference(left: Value, right: Value) -> Value:
    """Return the first less the second."""
    return _calculated(left, right, lambda a, b: a - b)


def product(left: Value, right: Value) -> Value:
    """Return the product."""
    return _calculated(left, right, lambda a, b: a * b)


def quotient(left: Value, right: Value) -> Value:
    """Return the first by the second, whole where it is; by zero, nothing."""
    return _calculated(left, right, _divided)


def remainder(left: Value, right: Value) -> Value:
    """Return what division leaves, with the sign of the first; by zero, nothing."""
    return _calculated(left, right, _left_over)


def _calculated(
    left: Value, right: Value, calculate: Callable[[Number, Number], Number | None]
) -> Value:
    if not (is_number(left) and is_number(right)):
        return None
    result = calculate(left, right)
    if isinstance(result, int) and not -_GREATEST_WHOLE <= result <= _GREATEST_WHOLE:
        return float(result)
    return result


def _divided(left: Number, right: Number) -> Number | None:
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _left_over(left: Number, right: Number) -> Number | None:
    if right == 0 or not isfinite(left):
        return None
    if isinstance(left, int) and isinstance(right, int):
        size = abs(left) % abs(right)
        return size if left >= 0 else -size
    return fmod(left, right)
