"""The option that names the context to work in."""

from __future__ import annotations

import re
from typing import Annotated

import typer


def sendable_context(context: str) -> str:
    """Return a name that a context may have, `_` of a node's own included; else wrong usage."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,254}", context) is None:
        raise typer.BadParameter(
            f"{context[:64]!r} cannot be the name of a context: begin with a letter and go on with"
            " letters, digits, - and _, at most 255 in all"
        )
    return context


Context = Annotated[
    str,
    typer.Option(
        "-c", "--context", metavar="NAME", help="Context to work in.", callback=sendable_context
    ),
]
