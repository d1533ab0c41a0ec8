"""Commands that are promised and not built yet: each says so, and ends with exit code 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import typer

ANY_ARGUMENTS: Final = {"ignore_unknown_options": True, "allow_extra_args": True}

CLUSTER: Final = "clusters of several nodes"
PROCESSES: Final = "processes"

PROMISED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("deploy", "process", "task"), PROCESSES),
    "search": "the search over instances, tasks and events; to search events now, use events query",
    "bench": "measuring from the command line",
}
"""What each one comes with."""


def add_promised(app: typer.Typer, promised: Mapping[str, str], before: str = "") -> None:
    """Let each of these commands say that it comes later; none of them is listed."""
    for name, comes_with in promised.items():
        sentence = f"ranvier {before}{name} is not built yet; it comes with {comes_with}."
        app.command(
            name, help=sentence, hidden=True, context_settings=ANY_ARGUMENTS, add_help_option=False
        )(_saying(sentence))


def _saying(sentence: str) -> Callable[[], None]:
    def say() -> None:
        typer.echo(sentence, err=True)
        raise typer.Exit(1)

    return say
