"""Texts of the pages, marked for translation; English is the only language so far.

In templates and in Python alike `_()` marks a text, and `%(name)s` in it is a value. Values are
escaped where the text is put into a page, so that no name from outside can become markup.
"""

from __future__ import annotations

from typing import Final

from markupsafe import Markup, escape

LANGUAGE: Final = "en"


def _(text: str, /, **values: object) -> str:
    """Return a text in the reader's language, with its values put in."""
    if not values:
        return text
    # What is escaped here cannot hold markup, and `Markup` escapes each value that it is given.
    return Markup(escape(text)) % values  # noqa: S704  # as the line above says


def _n(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the text for one or for many; `count` is a value of both."""
    return _(one if count == 1 else many, count=count, **values)
