"""Texts from outside, with what one would not see in them made visible."""

from __future__ import annotations

import unicodedata
from typing import Final

from ranvier.web.page_templates import templates

LONGEST: Final = 200
"""Characters of a name in a table: the whole of it stands where one thing is shown alone."""

CONTROL_PICTURES: Final = 0x2400
"""Where Unicode has a picture of each control character."""
DELETE: Final = 0x7F
DELETE_PICTURE: Final = "\u2421"

HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control characters, those that turn the direction of writing, halves of characters, and the like:
by them a name could look like another one."""

KEPT_IN_BLOCKS: Final = frozenset("\n\t")


def visible(text: object, longest: int | None = LONGEST) -> str:
    """Return a name on one line, cut where it is longer; None: whole."""
    shown = str(text)
    if longest is not None and len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return "".join([each if is_seen(each) else picture(each) for each in shown])


def visible_block(text: object) -> str:
    """Return a text of several lines, whole."""
    return "".join(
        [each if each in KEPT_IN_BLOCKS or is_seen(each) else picture(each) for each in str(text)]
    )


def is_seen(character: str) -> bool:
    """Tell whether a reader sees that a character is there."""
    return (character.isascii() and character.isprintable()) or (
        unicodedata.category(character) not in HIDDEN_CATEGORIES
    )


def picture(character: str) -> str:
    """Return what stands for a character that nobody would see."""
    code = ord(character)
    if code < ord(" "):
        return chr(CONTROL_PICTURES + code)
    return DELETE_PICTURE if code == DELETE else f"⟨U+{code:04X}⟩"


templates.filters["visible"] = visible
templates.filters["visible_block"] = visible_block
