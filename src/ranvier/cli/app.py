"""The commands that talk to a node, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ranvier import __version__
from ranvier.cli import events
from ranvier.cli.cluster import cluster
from ranvier.cli.contexts import (
    contexts,
    delete_context,
    register_context,
    update_context,
)
from ranvier.cli.drain import drain, resume
from ranvier.cli.joining import init_cluster, join_token, register_node, unregister_node
from ranvier.cli.local_commands import add_local
from ranvier.cli.metrics import metrics
from ranvier.cli.promised import PROMISED, add_promised

app = typer.Typer(
    name="ranvier",
    help="Ranvier: an event store and message router that Axon clients use unchanged.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
add_local(app)
app.add_typer(events.app, name="events")
app.command()(metrics)
app.command()(cluster)
app.command()(contexts)
app.command()(register_context)
app.command()(update_context)
app.command()(delete_context)
app.command()(drain)
app.command()(resume)

for command in (init_cluster, register_node, unregister_node, join_token):
    app.command()(command)

add_promised(app, PROMISED)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, without the program's name, and give its exit code."""
    try:
        app(args=arguments, prog_name="ranvier")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"ranvier {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Ranvier: an event store and message router that Axon clients use unchanged."""
