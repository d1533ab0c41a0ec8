"""JSONPath: which parts of a JSON text a query asks for.

    path        '$' step*
    step        '.' name  |  '.*'  |  '..' name  |  '..*'  |  ['..'] '[' choice ']'
    choice      '*'  |  quoted ( ',' quoted )*  |  whole ( ',' whole )*
                |  [whole] ':' [whole]  |  '?(' test ')'

A path of single names and places gives the value found, nothing where there is none; every other
gives the list of what it finds. Tests are read by `json_tests`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from ranvier.events.query.bounds import MAXIMUM_PATH_STEPS
from ranvier.events.query.json_document import NO_JSON, Json, children, json_document, value_of
from ranvier.events.query.json_tests import read_test
from ranvier.events.query.path_text import PathText, Visits
from ranvier.events.query.syntax import Text
from ranvier.events.query.values import Value

Choice = TypeVar("Choice")

JsonStep = Callable[[Json], list[Json]]
"""Goes from one value to those that the step names."""

_NAME: Final = re.compile(r"[^\W\d][\w$-]*|\d+")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*+)'|\"((?:[^\"\\]|\\.)*+)\"", re.DOTALL)
_WHOLE: Final = re.compile(r"-?\d{1,9}", re.ASCII)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def compile_json_path(text: Text) -> Callable[[str], Value]:
    """Return a function that finds the path's values in a JSON text.

    Raises:
        QueryError: the path cannot be read. The function raises it too, where one document would
            take more work than the bounds allow.
    """
    path = PathText(text)
    path.expect("$")
    steps: list[tuple[JsonStep, bool]] = []
    while not path.at_end():
        if len(steps) == MAXIMUM_PATH_STEPS:
            raise path.refusal(f"has more than {MAXIMUM_PATH_STEPS} steps")
        steps += _read_step(path)
    is_definite = all(is_single for _, is_single in steps)

    def find(document_text: str) -> Value:
        document = json_document(document_text)
        if document is NO_JSON:
            return None
        found = _walked([document], [step for step, _ in steps], path.visits())
        if not is_definite:
            return tuple(map(value_of, found))
        return value_of(found[0]) if found else None

    return find


def _walked(found: list[Json], steps: Sequence[JsonStep], visits: Visits) -> list[Json]:
    for step in steps:
        reached: list[Json] = []
        for value in found:
            following = step(value)
            visits.count(1 + len(following))
            reached += following
        found = reached
    return found


def _read_step(path: PathText) -> list[tuple[JsonStep, bool]]:
    """Read one step; each part says whether it leads to one value at most."""
    if path.accept(".."):
        return [(_with_all_within, False), _choice(path) if path.at("[") else _name(path)]
    if path.accept("."):
        return [_name(path)]
    if path.at("["):
        return [_choice(path)]
    raise path.refusal("goes on with something else than '.' or '['")


def _name(path: PathText) -> tuple[JsonStep, bool]:
    if path.accept("*"):
        return children, False
    name = path.take(_NAME)
    if name is None:
        raise path.refusal("lacks a name")
    return _named([name.group()]), True


def _choice(path: PathText) -> tuple[JsonStep, bool]:
    path.expect("[")
    path.skip_spaces()
    step = _chosen(path)
    path.skip_spaces()
    path.expect("]")
    return step


def _chosen(path: PathText) -> tuple[JsonStep, bool]:
    if path.accept("*"):
        return children, False
    if path.accept("?("):
        test = read_test(path)
        path.expect(")")
        return lambda value: [each for each in children(value) if test(each)], False
    if path.at("'", '"'):
        names = _listed(path, _quoted)
        return _named(names), len(names) == 1
    if path.at(":"):
        return _slice(path, None)
    first = _whole(path)
    if path.at(":"):
        return _slice(path, first)
    places = [first]
    if path.accept(","):
        path.skip_spaces()
        places += _listed(path, _whole)
    return _placed(places), len(places) == 1


def _listed(path: PathText, read: Callable[[PathText], Choice]) -> list[Choice]:
    found = [read(path)]
    while path.accept(","):
        path.skip_spaces()
        found.append(read(path))
    return found


def _slice(path: PathText, first: int | None) -> tuple[JsonStep, bool]:
    path.expect(":")
    end = None if path.at("]", " ") else _whole(path)
    return lambda value: value[first:end] if isinstance(value, list) else [], False


def _quoted(path: PathText) -> str:
    quoted = path.take(_QUOTED)
    if quoted is None:
        raise path.refusal("lacks a name in quotes")
    return _ESCAPE.sub(r"\1", quoted[1] if quoted[1] is not None else quoted[2])


def _whole(path: PathText) -> int:
    number = path.take(_WHOLE)
    if number is None:
        raise path.refusal("lacks a name in quotes, a whole number, '*' or '?('")
    return int(number.group())


def _named(names: Sequence[str]) -> JsonStep:
    return lambda value: (
        [value[name] for name in names if name in value] if isinstance(value, dict) else []
    )


def _placed(places: Sequence[int]) -> JsonStep:
    return lambda value: (
        [value[place] for place in places if -len(value) <= place < len(value)]
        if isinstance(value, list)
        else []
    )


def _with_all_within(value: Json) -> list[Json]:
    found: list[Json] = []
    waiting = [value]
    while waiting:
        found.append(next_one := waiting.pop())
        waiting += reversed(children(next_one))
    return found
