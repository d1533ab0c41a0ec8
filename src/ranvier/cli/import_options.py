"""The options of `ranvier events import`: where events come from, and how they are taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Where events come from."""

    source: Annotated[
        str,
        typer.Option("--from", metavar="HOST:PORT", help="Copy from this server's gRPC port."),
    ]
    source_context: Annotated[
        str | None,
        typer.Option("--from-context", metavar="NAME", help="Context there; default: as here."),
    ] = None
    source_token: Annotated[
        str | None, typer.Option("--from-token", metavar="TOKEN", help="Access token there.")
    ] = None
    source_tls: Annotated[bool, typer.Option("--from-tls", help="Use TLS to get there.")] = False
    source_authority: Annotated[
        Path | None,
        typer.Option("--from-ca", metavar="FILE", help="Trust this authority there (PEM)."),
    ] = None


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """How events come into the node of -S."""

    authority: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Trust this authority of the node (PEM)."),
    ] = None
    shift_tokens: Annotated[
        bool,
        typer.Option(
            "--shift-tokens", help="Where the oldest events are gone: number from 0 all the same."
        ),
    ] = False
