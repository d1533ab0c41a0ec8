"""Turns an expression into a function of a row.

What an expression asks is settled once; for each row only the resulting functions run. A new
operator of the language is a new entry in `_MAKERS`; functions stand in `functions`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Final

from ranvier.events.query import arithmetic
from ranvier.events.query.bounds import MAXIMUM_BUILT_CHARACTERS
from ranvier.events.query.errors import refused
from ranvier.events.query.functions import FUNCTION_MAKERS
from ranvier.events.query.pattern import compile_pattern
from ranvier.events.query.rows import Evaluator, Row
from ranvier.events.query.syntax import Call, Column, Expression, Items, Number, Text
from ranvier.events.query.values import Value, equal, ordered, text_of
from ranvier.events.query.vocabulary import AND, CONTAINS, FALSE, IN, MATCH, NOT, NULL, OR, TRUE

Condition = Callable[[Row], bool]


def condition_of(conditions: Sequence[Expression]) -> Condition:
    """Return a function that tells whether all the conditions hold for a row.

    The function raises `QueryError` where a row would take more work than the bounds allow.
    """
    evaluators = [evaluator_of(condition) for condition in conditions]
    if len(evaluators) == 1:
        # A generator for each row would take a tenth of the time of a whole search.
        (only,) = evaluators
        return lambda row: bool(only(row))
    return lambda row: all(evaluate(row) for evaluate in evaluators)


def evaluator_of(expression: Expression) -> Evaluator:
    """Return the function that gives the expression's value for a row."""
    match expression:
        case Text(value) | Number(value):
            return lambda _row: value
        case Column(name):
            return lambda row: row.cell(name)
        case Items(items):
            evaluators = [evaluator_of(item) for item in items]
            return lambda row: tuple(evaluate(row) for evaluate in evaluators)
        case Call(name) if name in _MAKERS:
            return _MAKERS[name](expression)
        case Call(name, operands):
            return FUNCTION_MAKERS[name](expression, [evaluator_of(each) for each in operands])


def _all_of(call: Call) -> Evaluator:
    return condition_of(call.operands)


def _any_of(call: Call) -> Evaluator:
    evaluators = [evaluator_of(operand) for operand in call.operands]
    return lambda row: any(evaluate(row) for evaluate in evaluators)


def _not(call: Call) -> Evaluator:
    (evaluate,) = map(evaluator_of, call.operands)
    return lambda row: not evaluate(row)


def _equal(call: Call) -> Evaluator:
    match call.operands:
        # What most searches ask, in half the time.
        case (Column(name), Text(wanted)):
            return lambda row: (
                value == wanted if type(value := row.cell(name)) is str else equal(value, wanted)
            )
    left, right = map(evaluator_of, call.operands)
    return lambda row: equal(left(row), right(row))


def _unequal(call: Call) -> Evaluator:
    left, right = map(evaluator_of, call.operands)
    return lambda row: not equal(left(row), right(row))


def _ordered(holds: Callable[[int, int], bool]) -> Callable[[Call], Evaluator]:
    def make(call: Call) -> Evaluator:
        left, right = map(evaluator_of, call.operands)
        return lambda row: ordered(left(row), right(row), holds)

    return make


def _in(call: Call) -> Evaluator:
    left, right = call.operands
    needle = evaluator_of(left)
    if isinstance(right, Items) and all(isinstance(item, Text) for item in right.items):
        texts = frozenset(item.value for item in right.items if isinstance(item, Text))
        return lambda row: (value := needle(row)) is not None and text_of(value) in texts
    haystack = evaluator_of(right)
    return lambda row: _holds(haystack(row), needle(row))


def _holds(haystack: Value, needle: Value) -> bool:
    if isinstance(haystack, tuple):
        return any(equal(item, needle) for item in haystack)
    return equal(haystack, needle)


def _contains(call: Call) -> Evaluator:
    haystack, needle = map(evaluator_of, call.operands)

    def contains(row: Row) -> bool:
        whole, part = haystack(row), needle(row)
        if isinstance(whole, tuple):
            return _holds(whole, part)
        return whole is not None and part is not None and text_of(part) in text_of(whole)

    return contains


def _match(call: Call) -> Evaluator:
    subject, pattern = call.operands
    if not isinstance(pattern, Text):
        raise refused(call.name, call.offset, "needs a pattern in quotes.")
    evaluate = evaluator_of(subject)
    matches = compile_pattern(pattern)
    return lambda row: (value := evaluate(row)) is not None and matches(text_of(value))


def _calculated(calculate: Callable[[Value, Value], Value]) -> Callable[[Call], Evaluator]:
    def make(call: Call) -> Evaluator:
        left, right = map(evaluator_of, call.operands)
        return lambda row: calculate(left(row), right(row))

    return make


def _plus(call: Call) -> Evaluator:
    left, right = map(evaluator_of, call.operands)

    def plus(row: Row) -> Value:
        first, second = left(row), right(row)
        if not (isinstance(first, str) or isinstance(second, str)) or None in (first, second):
            return arithmetic.total(first, second)
        head, tail = text_of(first), text_of(second)
        if len(head) + len(tail) > MAXIMUM_BUILT_CHARACTERS:
            remedy = f"would build a text of over {MAXIMUM_BUILT_CHARACTERS} characters."
            raise refused(call.name, call.offset, remedy)
        return head + tail

    return plus


_MAKERS: Final[dict[str, Callable[[Call], Evaluator]]] = {
    NULL: lambda _call: lambda _row: None,
    TRUE: lambda _call: lambda _row: True,
    FALSE: lambda _call: lambda _row: False,
    AND: _all_of,
    OR: _any_of,
    NOT: _not,
    "=": _equal,
    "!=": _unequal,
    "<>": _unequal,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    IN: _in,
    CONTAINS: _contains,
    MATCH: _match,
    "+": _plus,
    "-": _calculated(arithmetic.difference),
    "*": _calculated(arithmetic.product),
    "/": _calculated(arithmetic.quotient),
    "%": _calculated(arithmetic.remainder),
}
