"""What every command that talks to a node has in common: options, exit codes, and how it ends."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from ranvier.cli.errors import CliError
from ranvier.cli.node_client import NodeClient
from ranvier.cli.node_options import NodeOptions
from ranvier.cli.option_groups import (
    group_parameters,
    groups_of,
    names_of,
    take_group,
    typer_parameters,
    without_names,
)
from ranvier.cli.printing import one_line


def talks_to_node(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its node as the argument `node`, and its user the common options.

    The program ends with 1, 2 or 3 and one sentence on standard error where the command fails.
    """
    groups = {name: group for name, group in groups_of(command).items() if name != "node"}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        options = take_group(NodeOptions, given)
        given |= {name: take_group(group, given) for name, group in groups.items()}
        try:
            with NodeClient(options) as node:
                command(node, **given)
            sys.stdout.flush()
        except CliError as error:
            for line in (one_line(str(error)), *error.picture):
                typer.echo(line, err=True)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            _discard_output()
        except OSError as error:
            typer.echo(f"The output cannot be written: {error.strerror}.", err=True)
            _discard_output()
            raise typer.Exit(1) from None

    own = [each for each in typer_parameters(command) if each.name != "node"]
    taken = {name for each in own for name in names_of(each)}
    common = [without_names(each, taken) for each in group_parameters(NodeOptions)]
    parameters = [*own, *common]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # PEP 362
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _discard_output() -> None:
    """Let nothing be flushed at the end to a reader who has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
