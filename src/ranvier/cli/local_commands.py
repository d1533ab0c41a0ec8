"""Commands that work without a node: listed here, run by the program before it gets here."""

from __future__ import annotations

from collections.abc import Callable

import typer

from ranvier.cli.balancer import render
from ranvier.cli.cluster_configuration import config_get, config_set
from ranvier.cli.promised import (
    ANY_ARGUMENTS,
)


def add_local(app: typer.Typer) -> None:
    """List the commands that the program runs by itself, in their place."""
    _list(app, "start", "Start a node in the foreground.")
    config = typer.Typer(no_args_is_help=True, help="What nodes are told, and by whom.")
    _list(config, "explain", "Print each setting and where it came from.", "config ")
    config.command("get")(config_get)
    config.command("set")(config_set)
    app.add_typer(config, name="config")
    database = typer.Typer(no_args_is_help=True, help="Look after the database of a node.")
    _list(database, "check", "Check that a database is sound.", "database ")
    _list(database, "copy", "Copy the database of a node into PostgreSQL.", "database ")
    _list(database, "migrate", "Bring the tables of a database up to date.", "database ")
    app.add_typer(database, name="database")
    balancer = typer.Typer(no_args_is_help=True, help="Files of the load balancers in front.")
    balancer.command("render")(render)
    _list(balancer, "check", "Name the mistakes of a workers.properties.", "balancer ")
    app.add_typer(balancer, name="balancer")


def _list(app: typer.Typer, name: str, help_text: str, before: str = "") -> None:
    app.command(name, help=help_text, context_settings=ANY_ARGUMENTS)(_elsewhere(before + name))


def _elsewhere(name: str) -> Callable[[], None]:
    def run() -> None:
        typer.echo(f"{name} is run by the program ranvier itself.", err=True)
        raise typer.Exit(1)

    return run
