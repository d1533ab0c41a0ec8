"""The value of one property of a payload: by JSONPath in JSON, by XPath in XML.

The paths are those of the ad-hoc query language. In JSON, a path that does not begin with `$` is
taken as names from the top, so that a bare property name is one, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ranvier.events.query import QueryError, Value
from ranvier.events.query.json_path import compile_json_path
from ranvier.events.query.syntax import Text
from ranvier.events.query.values import text_of
from ranvier.events.query.xml_path import compile_xml_path
from ranvier.events.query.xml_results import XML_RESULTS

JSON: Final = "json"
XML: Final = "xml"

PropertyPath = Callable[[bytes], str | None]
"""Returns the property as text; None where a payload has none, or cannot be looked into."""


def read_property_path(serialization: str, text: str) -> PropertyPath:
    """Return the path that a text describes, into payloads that are written so.

    Raises:
        QueryError: the text is no such path.
    """
    find = _FINDERS[serialization](text.strip())

    def find_text(payload: bytes) -> str | None:
        try:
            found = find(payload.decode("utf-8", "replace"))
        except QueryError:
            # More work than the bounds allow: as good as no such property.
            return None
        return None if found is None else text_of(found)

    return find_text


def _in_json(text: str) -> Callable[[str], Value]:
    return compile_json_path(Text(text if text.startswith("$") else f"$.{text}", 0))


def _in_xml(text: str) -> Callable[[str], Value]:
    find, as_text = compile_xml_path(Text(text, 0)), XML_RESULTS["STRING"]

    def find_first(document: str) -> Value:
        found = find(document)
        return None if found is None else as_text(found)

    return find_first


_FINDERS: Final[Mapping[str, Callable[[str], Callable[[str], Value]]]] = {
    JSON: _in_json,
    XML: _in_xml,
}

SERIALIZATIONS: Final = frozenset(_FINDERS)
"""How a payload may be written that a property is read of."""
