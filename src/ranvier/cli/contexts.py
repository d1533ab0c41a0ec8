"""`ranvier contexts`, `register-context`, `delete-context`: which contexts a node has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.context_option import sendable_context
from ranvier.cli.errors import WrongUsage
from ranvier.cli.node_client import Json, NodeClient
from ranvier.cli.printing import (
    aligned,
    json_text,
    one_line,
    shortened,
    write_json_array,
    write_line,
)

ContextName = Annotated[
    str,
    typer.Option("-c", "--context", metavar="NAME", help="Its name.", callback=sendable_context),
]


@talks_to_node
def contexts(node: NodeClient) -> None:
    """List the contexts of a node: their names, kinds and properties."""
    found = node.get_array("/v1/public/context")
    if node.prints_json:
        write_json_array(found)
        return
    for line in aligned([("CONTEXT", "KIND", "PROPERTIES"), *map(_row, found)]):
        write_line(line)


@talks_to_node
def register_context(
    node: NodeClient,
    context: ContextName,
    dcb: Annotated[
        bool, typer.Option("--dcb", help="For events with tags and conditions on them.")
    ] = False,
    properties: Annotated[
        list[str] | None,
        typer.Option("-prop", "--property", metavar="NAME=VALUE", help="May be repeated."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="A PostgreSQL of its own for its events."),
    ] = None,
    database_file: Annotated[
        str | None,
        typer.Option(
            "--database-file", metavar="FILE", help="Holds that URL, unseen by others; - is stdin."
        ),
    ] = None,
) -> None:
    """Create an empty context."""
    if database_file is not None:
        if database is not None:
            raise WrongUsage("Give --database or --database-file, not both.")
        database = address_in(database_file)
    wanted: dict[str, Any] = {
        "context": context,
        "dcbContext": dcb,
        "metaData": _properties(properties or []),
    }
    if database is not None:
        wanted["database"] = database
    node.command("POST", "/v1/context", wanted)
    _say(node, context, "created")


def address_in(file: str) -> str:
    """Return the address that a file holds, or standard input for `-`; raises `WrongUsage`."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, ValueError):
        raise WrongUsage(f"The file {file} of --database-file cannot be read as text.") from None
    address = text.strip()
    if not address or len(address.splitlines()) > 1:
        raise WrongUsage(f"The file {file} must hold the address of a database and nothing else.")
    return address


@talks_to_node
def update_context(
    node: NodeClient,
    context: ContextName,
    properties: Annotated[
        list[str],
        typer.Option(
            "-prop", "--property", metavar="NAME=VALUE", help="May be repeated; NAME= takes away."
        ),
    ],
) -> None:
    """Change the properties of a context."""
    path = f"/v1/context/{quote(context, safe='')}"
    node.command("PATCH", path, {"metaData": _properties(properties)})
    _say(node, context, "changed")


@talks_to_node
def delete_context(node: NodeClient, context: ContextName) -> None:
    """Delete a context with all its events, at once and for good."""
    node.command("DELETE", f"/v1/context/{quote(context, safe='')}")
    _say(node, context, "deleted")


def _row(found: Json) -> tuple[str, str, str]:
    properties = [f"{name}={value}" for name, value in found.get("metaData", {}).items()]
    kind = "DCB" if found.get("dcbContext") else "classic"
    return one_line(str(found.get("context"))), kind, shortened(" ".join(properties))


def _properties(given: list[str]) -> dict[str, str]:
    properties = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not (name and sign):
            raise WrongUsage(f"The property {each!r} has no value: write NAME=VALUE.")
        properties[name] = value
    return properties


def _say(node: NodeClient, context: str, done: str) -> None:
    text = json_text({"context": context, "state": done})
    write_line(text if node.prints_json else f"Context {context} is {done}.")
