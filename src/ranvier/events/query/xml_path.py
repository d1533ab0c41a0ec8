"""XPath, the part that messages need: which parts of an XML text a query asks for.

    expression  path  |  ( 'count' | 'string' | 'number' | 'boolean' ) '(' path ')'
    path        ['/' | '//'] step ( ( '/' | '//' ) step )*
    step        '.'  |  '..'  |  'text()'  |  ( '@' name | '@*' )  |  ( name | '*' ) test*
    test        '[' whole ']'  |  '[last()]'  |  '[' path [ sign ( number | quoted ) ] ']'

Names are taken as they are written, a prefix included. What a path finds are elements and texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ranvier.events.query.bounds import MAXIMUM_NESTING_LEVELS, MAXIMUM_PATH_STEPS
from ranvier.events.query.path_text import PathText, Visits
from ranvier.events.query.syntax import Text
from ranvier.events.query.values import Number
from ranvier.events.query.xml_document import Element, xml_document
from ranvier.events.query.xml_results import (
    XML_FUNCTIONS,
    XmlAnswer,
    XmlPart,
    compares,
    text_within,
)

XmlStep = Callable[[Element, Visits], list[XmlPart]]
"""Goes from one element to what the step names."""

XmlTest = Callable[[list[XmlPart], Visits], list[XmlPart]]
"""Keeps those of some siblings that pass."""

_NAME: Final = re.compile(r"[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?")
_PLACE: Final = re.compile(r"\d{1,9}(?=\])", re.ASCII)
_SIGN: Final = re.compile(r"!=|<=|>=|=|<|>")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_FUNCTION: Final = re.compile(rf"({'|'.join(XML_FUNCTIONS)})\(")


def compile_xml_path(text: Text) -> Callable[[str], XmlAnswer | None]:
    """Return a function that finds the path's parts in an XML text; None where it is no XML.

    Raises:
        QueryError: the path cannot be read. The function raises it too, where one document would
            take more work than the bounds allow.
    """
    path = PathText(text)
    function = path.take(_FUNCTION)
    steps = _read_path(path, 0)
    if function is not None:
        path.expect(")")
    if not path.at_end():
        raise path.refusal("goes on with something that is not understood")

    def find(document_text: str) -> XmlAnswer | None:
        root = xml_document(document_text)
        if root is None:
            return None
        found = _walked(root, steps, path.visits())
        return found if function is None else XML_FUNCTIONS[function[1]](found)

    return find


def _walked(start: Element, steps: list[XmlStep], visits: Visits) -> list[XmlPart]:
    found: list[XmlPart] = [start]
    for step in steps:
        reached: list[XmlPart] = []
        for element in found:
            if isinstance(element, Element):
                following = step(element, visits)
                visits.count(1 + len(following))
                reached += following
        found = _each_once(reached)
    return found


def _each_once(found: list[XmlPart]) -> list[XmlPart]:
    """Drop elements to which two ways have led; texts that are equal are still two."""
    seen: set[int] = set()
    kept: list[XmlPart] = []
    for each in found:
        if isinstance(each, Element):
            if id(each) in seen:
                continue
            seen.add(id(each))
        kept.append(each)
    return kept


def _read_path(path: PathText, levels: int) -> list[XmlStep]:
    if levels > MAXIMUM_NESTING_LEVELS:
        raise path.refusal(f"nests over {MAXIMUM_NESTING_LEVELS} levels")
    steps: list[XmlStep] = []
    if path.at("/") and not levels:
        steps += _slashes(path)
    steps.append(_read_step(path, levels))
    while path.at("/"):
        if len(steps) >= MAXIMUM_PATH_STEPS:
            raise path.refusal(f"has more than {MAXIMUM_PATH_STEPS} steps")
        steps += _slashes(path)
        steps.append(_read_step(path, levels))
    return steps


def _slashes(path: PathText) -> list[XmlStep]:
    if path.accept("//"):
        return [_with_all_within]
    path.expect("/")
    return []


def _read_step(path: PathText, levels: int) -> XmlStep:
    if path.accept(".."):
        return lambda element, _: [] if element.parent is None else [element.parent]
    if path.accept("."):
        return lambda element, _: [element]
    if path.accept("text()"):
        return lambda element, _: [each for each in element.children if isinstance(each, str)]
    if path.accept("@"):
        return _attribute(path)
    step = _child(path)
    while path.accept("["):
        step = _tested(step, _read_test(path, levels))
        path.expect("]")
    return step


def _attribute(path: PathText) -> XmlStep:
    if path.accept("*"):
        return lambda element, _: list(element.attributes.values())
    name = _name(path)
    return lambda element, _: [element.attributes[name]] if name in element.attributes else []


def _child(path: PathText) -> XmlStep:
    if path.accept("*"):
        return lambda element, _: list(element.elements())
    name = _name(path)
    return lambda element, _: [child for child in element.elements() if child.name == name]


def _name(path: PathText) -> str:
    name = path.take(_NAME)
    if name is None:
        raise path.refusal("lacks the name of an element, '*', '.' or '@'")
    return name.group()


def _tested(step: XmlStep, test: XmlTest) -> XmlStep:
    return lambda element, visits: test(step(element, visits), visits)


def _read_test(path: PathText, levels: int) -> XmlTest:
    place = path.take(_PLACE)
    if place is not None:
        number = int(place.group())
        return lambda found, _: found[number - 1 : number] if number else []
    if path.accept("last()"):
        return lambda found, _: found[-1:]
    inner = _read_path(path, levels + 1)
    path.skip_spaces()
    sign = path.take(_SIGN)
    if sign is None:
        return lambda found, visits: [each for each in found if _inside(each, inner, visits)]
    path.skip_spaces()
    wanted = _literal(path)

    def passes(part: XmlPart, visits: Visits) -> bool:
        texts = map(text_within, _inside(part, inner, visits))
        return any(compares(text, sign.group(), wanted) for text in texts)

    return lambda found, visits: [each for each in found if passes(each, visits)]


def _literal(path: PathText) -> str | Number:
    if quoted := path.take(_QUOTED):
        return quoted[1] if quoted[1] is not None else quoted[2]
    number = path.take(_NUMBER)
    if number is None:
        raise path.refusal("lacks a number or a text in quotes")
    return float(number.group())


def _inside(part: XmlPart, steps: list[XmlStep], visits: Visits) -> list[XmlPart]:
    return _walked(part, steps, visits) if isinstance(part, Element) else []


def _with_all_within(element: Element, visits: Visits) -> list[XmlPart]:
    found: list[XmlPart] = []
    waiting = [element]
    while waiting:
        found.append(next_one := waiting.pop())
        waiting += reversed(next_one.elements())
    visits.count(len(found))
    return found
