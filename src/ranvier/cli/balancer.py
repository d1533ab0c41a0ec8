"""`ranvier balancer render`: the file of a load balancer, from the nodes that there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ranvier.balancer.errors import BalancerError, UnusableOption
from ranvier.balancer.node_list import read_nodes
from ranvier.balancer.options import (
    GATEWAY_CLASS,
    Protocol,
    RenderOptions,
    Stickiness,
    WebServer,
    read_listen,
)
from ranvier.balancer.render import RENDERERS
from ranvier.balancer.render import render as rendered
from ranvier.balancer.rendered_file import RenderedFile
from ranvier.cli.command import talks_to_node
from ranvier.cli.errors import NotRendered, WrongUsage
from ranvier.cli.node_client import NodeClient
from ranvier.cli.printing import json_text, one_line, write_line
from ranvier.cli.replaced_files import replace_files

NODES_BYTES: Final = 4 * 1024 * 1024
"""Far above a list of a thousand nodes."""

Kind = Enum("Kind", [(each.upper(), each) for each in RENDERERS])  # type: ignore[misc]  # of a table


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What the file is to say, and where it goes."""

    sticky: Annotated[
        Stickiness, typer.Option("--sticky", help="What keeps a user with a node.")
    ] = Stickiness.COOKIE
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Where the balancer listens."),
    ] = None
    tls: Annotated[
        str | None,
        typer.Option("--tls", metavar="CERT", help="File with certificate and key for users."),
    ] = None
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Replace this file instead of printing."),
    ] = None
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Name of the worker or backend.")
    ] = "ranvier"
    web_server: Annotated[
        WebServer, typer.Option("--server", help="mod_jk: the web server it is for.")
    ] = WebServer.APACHE
    modern: Annotated[
        bool, typer.Option("--modern", help="nginx: `sticky route`, for 1.29.6 and later.")
    ] = False
    protocol: Annotated[
        Protocol, typer.Option("--protocol", help="mod_proxy: what is spoken with nodes.")
    ] = Protocol.HTTP
    gateway_class: Annotated[
        str,
        typer.Option("--gateway-class", metavar="CLASS", help="kubernetes: the controller's."),
    ] = GATEWAY_CLASS
    workers_file: Annotated[
        str | None,
        typer.Option(
            "--workers-file", metavar="PATH", help="mod_jk: where httpd finds it, if elsewhere."
        ),
    ] = None
    nodes: Annotated[
        Path | None,
        typer.Option("--nodes", metavar="FILE", help="Node list in a file, no node is asked."),
    ] = None


@talks_to_node
def render(
    node: NodeClient,
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=", ".join(RENDERERS))],
    options: FileOptions,
) -> None:
    """Print the configuration of a load balancer for the nodes that there are, or write it."""
    try:
        asked = _asked(kind.value, options)
        listed = _read_list(options.nodes) if options.nodes else node.get_array(_NODES)
        files = rendered(kind.value, read_nodes(listed), asked)
    except UnusableOption as error:
        raise WrongUsage(str(error)) from error
    except BalancerError as error:
        raise NotRendered(str(error)) from error
    if options.write is not None:
        _write(node, files, options.write)
    else:
        _print(node, files)


_NODES: Final = "/api/cluster/nodes"


def _asked(kind: str, options: FileOptions) -> RenderOptions:
    return RenderOptions(
        name=options.name,
        sticky=options.sticky,
        listen=None if options.listen is None else read_listen(options.listen),
        tls=options.tls,
        protocol=options.protocol,
        server=options.web_server,
        is_modern=options.modern,
        gateway_class=options.gateway_class,
        workers_file=options.workers_file or _workers_file(kind, options.write),
    )


def _workers_file(kind: str, written: Path | None) -> str:
    """Return what httpd is told; only mod_jk's files name each other."""
    if kind != "mod_jk" or written is None:
        return "conf/workers.properties"
    return written.absolute().as_posix()


def _read_list(path: Path) -> list[dict[str, Any]]:
    """Read what `ranvier cluster -o json` prints; `-` is standard input."""
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
            data = file.read(NODES_BYTES + 1)
        listed = json.loads(data) if len(data) <= NODES_BYTES else None
    except OSError as error:
        raise NotRendered(f"The file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise NotRendered(
            f"The file {path} holds no node list as `ranvier cluster -o json` prints."
        )
    return listed


def _write(node: NodeClient, files: Sequence[RenderedFile], path: Path) -> None:
    """Replace the first file at the path, and all others beside it."""
    if not path.name:
        raise WrongUsage(f"--write {str(path)!r} must be the name of a file.")
    paths = [path, *(path.with_name(each.name) for each in files[1:])]
    try:
        changed = replace_files({at: each.text for at, each in zip(paths, files, strict=True)})
    except OSError as error:
        raise NotRendered(f"{path} cannot be written: {error.strerror}.") from error
    for at in paths:
        is_changed = at in changed
        said = {"file": str(at), "changed": is_changed}
        text = f"{one_line(str(at))} is {'written' if is_changed else 'as it was'}."
        write_line(json_text(said) if node.prints_json else text)


def _print(node: NodeClient, files: Sequence[RenderedFile]) -> None:
    if node.prints_json:
        write_line(json_text([{"file": each.name, "text": each.text} for each in files]))
        return
    for each in files:
        if len(files) > 1:
            write_line(f"# ---- {each.name}")
        sys.stdout.write(each.text)
