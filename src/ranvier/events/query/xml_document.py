"""XML texts of strangers as a tree: no DTD, no entities but the five of XML itself, bounded."""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from ranvier.events.query.bounds import MAXIMUM_DOCUMENT_LEVELS, MAXIMUM_XML_ELEMENTS


class Element:
    """One element; the root of a tree is nameless and holds the outermost one."""

    __slots__ = ("attributes", "children", "name", "parent")

    def __init__(self, name: str, attributes: Mapping[str, str], parent: Element | None) -> None:
        self.name = name
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element | str] = []

    def elements(self) -> list[Element]:
        """Return the elements directly within."""
        return [child for child in self.children if isinstance(child, Element)]

    def text(self) -> str:
        """Return all text within, in the order of the document."""
        texts: list[str] = []
        waiting: list[Element | str] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                texts.append(part)
            else:
                waiting += reversed(part.children)
        return "".join(texts)


def xml_document(text: str) -> Element | None:
    """Return the root of the tree; None for what is no XML, has a DTD, or goes over a bound."""
    tree = _Tree()
    # Namespaces stay as written; nothing outside of the text is ever looked for.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = tree.refuse
    parser.StartElementHandler = tree.begin
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.add
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003  # expat's own place
    except (expat.ExpatError, _RefusedError):
        return None
    return tree.root


class _RefusedError(Exception):
    """This document is not looked into."""


class _Tree:
    def __init__(self) -> None:
        self.root = Element("", {}, None)
        self._current = self.root
        self._levels = 0
        self._elements = 0

    def refuse(self, *_declaration: object) -> None:
        raise _RefusedError

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._levels += 1
        self._elements += 1
        if self._levels > MAXIMUM_DOCUMENT_LEVELS or self._elements > MAXIMUM_XML_ELEMENTS:
            raise _RefusedError
        element = Element(name, attributes, self._current)
        self._current.children.append(element)
        self._current = element

    def end(self, _name: str) -> None:
        self._levels -= 1
        parent = self._current.parent
        if parent is not None:
            self._current = parent

    def add(self, text: str) -> None:
        self._current.children.append(text)
