"""The tests `?( … )` of a JSONPath: which items of a list are meant.

    test        both ( '||' both )*
    both        single ( '&&' single )*
    single      '!' single  |  '(' test ')'  |  operand [ sign operand ]
    operand     '@' ( '.' name )*  |  number  |  quoted  |  'true'  |  'false'  |  'null'

An operand alone asks whether it is there.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Final

from ranvier.events.query.bounds import MAXIMUM_NESTING_LEVELS
from ranvier.events.query.json_document import Json
from ranvier.events.query.path_text import PathText

JsonTest = Callable[[Json], bool]

_MISSING: Final = object()
_FIELD: Final = re.compile(r"\.([^\W\d][\w$-]*)")
_NUMBER: Final = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_QUOTED: Final = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_SIGNS: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def read_test(path: PathText, levels: int = 0) -> JsonTest:
    """Read a test up to its closing parenthesis."""
    if levels > MAXIMUM_NESTING_LEVELS:
        raise path.refusal(f"nests over {MAXIMUM_NESTING_LEVELS} levels")
    choices = [_both(path, levels)]
    while path.accept("||"):
        choices.append(_both(path, levels))
    return lambda item: any(choice(item) for choice in choices)


def _both(path: PathText, levels: int) -> JsonTest:
    demands = [_single(path, levels)]
    while path.accept("&&"):
        demands.append(_single(path, levels))
    return lambda item: all(demand(item) for demand in demands)


def _single(path: PathText, levels: int) -> JsonTest:
    path.skip_spaces()
    test = _simple(path, levels)
    path.skip_spaces()
    return test


def _simple(path: PathText, levels: int) -> JsonTest:
    if path.accept("("):
        inner = read_test(path, levels + 1)
        path.expect(")")
        return inner
    if path.accept("!"):
        if levels > MAXIMUM_NESTING_LEVELS:
            raise path.refusal(f"nests over {MAXIMUM_NESTING_LEVELS} levels")
        negated = _single(path, levels + 1)
        return lambda item: not negated(item)
    return _comparison(path)


def _comparison(path: PathText) -> JsonTest:
    left = _operand(path)
    path.skip_spaces()
    sign = next((each for each in _SIGNS if path.accept(each)), None)
    if sign is None:
        return lambda item: left(item) is not _MISSING
    path.skip_spaces()
    right, holds = _operand(path), _SIGNS[sign]
    return lambda item: _compared(left(item), right(item), holds)


def _compared(left: Json, right: Json, holds: Callable[[Json, Json], bool]) -> bool:
    try:
        return left is not _MISSING and right is not _MISSING and holds(left, right)
    except TypeError:  # values of two kinds have no order
        return False


def _operand(path: PathText) -> Callable[[Json], Json]:
    if path.accept("@"):
        names: list[str] = []
        while field := path.take(_FIELD):
            names.append(field[1])
        return lambda item: _within(item, names)
    constant = _constant(path)
    return lambda _item: constant


def _within(item: Json, names: list[str]) -> Json:
    for name in names:
        item = item.get(name, _MISSING) if isinstance(item, dict) else _MISSING
    return item


def _constant(path: PathText) -> Json:
    if quoted := path.take(_QUOTED):
        return quoted[1] if quoted[1] is not None else quoted[2]
    if number := path.take(_NUMBER):
        return float(number.group()) if "." in number.group() else int(number.group())
    word = next((each for each in _CONSTANTS if path.accept(each)), None)
    if word is None:
        raise path.refusal("lacks a value in a test, such as '@.name', a number or a quoted text")
    return _CONSTANTS[word]
