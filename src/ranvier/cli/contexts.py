"""`ranvier contexts`, `register-context`, `delete-context`: which contexts a node has."""

from __future__ import annotations

import sys
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """Where the events of a context shall lie, if not with all others."""

    url: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="A PostgreSQL of its own for its events."),
    ] = None
    file: Annotated[
        str | None,
        typer.Option(
            "--database-file", metavar="FILE", help="Holds that URL, unseen by others; - is stdin."
        ),
    ] = None

    def address(self) -> str | None:
        """Give the address; raise `WrongUsage` where there are two, or the file holds none."""
        if self.file is None:
            return self.url
        if self.url is not None:
            raise WrongUsage("Give --database or --database-file, not both.")
        return address_in(self.file)


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
    database: OwnDatabase,
    dcb: Annotated[
        bool, typer.Option("--dcb", help="For events with tags and conditions on them.")
    ] = False,
    properties: Annotated[
        list[str] | None,
        typer.Option("-prop", "--property", metavar="NAME=VALUE", help="May be repeated."),
    ] = None,
) -> None:
    """Create an empty context."""
    address = database.address()
    wanted: dict[str, Any] = {
        "context": context,
        "dcbContext": dcb,
        "metaData": _properties(properties or []),
    }
    if address is not None:
        wanted["database"] = address
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
    kind += ", own database" if found.get("hasOwnDatabase") else ""
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
