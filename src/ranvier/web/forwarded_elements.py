"""Reads the header `Forwarded` (RFC 7239 section 4): pure, strict, in one pass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

ELEMENTS_HIGHEST: Final = 32
"""More hops than any real chain of balancers has."""

PAIR: Final = re.compile(
    r"""[ \t]*(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)="""
    r"""(?:(?P<token>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"(?P<quoted>(?:[^"\\]|\\.)*)")[ \t]*"""
)
ESCAPED: Final = re.compile(r"\\(.)")


def forwarded_elements(text: str) -> list[Mapping[str, str]] | None:
    """Return each hop's pairs, names in lower case, the nearest hop last; None for bad grammar."""
    elements: list[Mapping[str, str]] = []
    pairs: dict[str, str] = {}
    position, size = 0, len(text)
    while position < size:
        if text[position] in " \t;":
            position += 1
            continue
        if text[position] == ",":
            elements.append(pairs)
            pairs, position = {}, position + 1
            continue
        found = PAIR.match(text, position)
        position = found.end() if found else size
        name = found["name"].lower() if found else ""
        is_at_end = position == size or text[position] in ";,"
        if not found or name in pairs or not is_at_end or len(elements) >= ELEMENTS_HIGHEST:
            return None
        quoted = found["quoted"]
        pairs[name] = found["token"] if quoted is None else ESCAPED.sub(r"\1", quoted)
    return [*elements, pairs]
