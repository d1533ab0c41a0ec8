"""The option that names the context to work in."""

from __future__ import annotations

import re
from typing import Annotated

import typer


def sendable_context(context: str) -> str:
    """Return a name that fits in a header; any other is wrong usage."""
    if re.fullmatch(r"[!-~]{1,255}", context) is None:
        raise typer.BadParameter("a context has 1 to 255 visible ASCII characters")
    return context


Context = Annotated[
    str,
    typer.Option(
        "-c", "--context", metavar="NAME", help="Context to work in.", callback=sendable_context
    ),
]
