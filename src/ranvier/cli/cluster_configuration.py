"""`ranvier config get|set --cluster`: what all nodes of a cluster are told alike."""

from __future__ import annotations

import getpass
import socket
from typing import Annotated

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.errors import NotShared, WrongUsage
from ranvier.cli.node_client import Json, NodeClient
from ranvier.cli.printing import aligned, json_text, one_line, write_line

PATH = "/api/cluster/configuration"

OfCluster = Annotated[
    bool, typer.Option("--cluster", help="What all nodes share; a node's own is in its files.")
]


@talks_to_node
def config_get(
    node: NodeClient,
    key: Annotated[str | None, typer.Argument(help="One key; all without it.")] = None,
    cluster: OfCluster = False,
    history: Annotated[
        bool, typer.Option("--history", help="Who has changed what, and when.")
    ] = False,
) -> None:
    """Print what all nodes share."""
    _expect_cluster(is_given=cluster)
    if history:
        _print_history(node)
        return
    found = node.get_object(PATH, {})
    if key is not None and all(key != each["key"] for each in found["keys"]):
        raise WrongUsage(f"{key} is no setting that nodes share: -o json without a key lists all.")
    values = {each: text for each, text in found["values"].items() if key in (None, each)}
    if node.prints_json:
        write_line(json_text(found if key is None else values))
        return
    if key is not None:
        if key not in values:
            raise NotShared(key)
        write_line(one_line(str(values[key])))
        return
    write_line(f"Revision {found['revision']}{_by(found)}")
    for line in aligned([("KEY", "VALUE"), *sorted(values.items())]):
        write_line(line)


@talks_to_node
def config_set(
    node: NodeClient,
    settings: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="KEY= takes a value away.")
    ],
    cluster: OfCluster = False,
    replaces: Annotated[
        int | None,
        typer.Option("--replaces", help="The revision that you have seen; refused if it is old."),
    ] = None,
) -> None:
    """Change what all nodes share, once each running one has agreed."""
    _expect_cluster(is_given=cluster)
    changes = dict(map(_change, settings))
    body = {"values": changes, "author": f"{getpass.getuser()}@{socket.gethostname()}"}
    found = node.change("PATCH", PATH, body if replaces is None else body | {"replaces": replaces})
    if node.prints_json:
        write_line(json_text(found))
        return
    write_line(f"Revision {found['revision']} is in force.")
    applies = {each["key"]: each["applies"] for each in found["keys"]}
    for key in changes:
        write_line(f"{key} counts {applies.get(key, 'at once')}.")


def _expect_cluster(*, is_given: bool) -> None:
    if not is_given:
        raise WrongUsage(
            "Say --cluster for what all nodes share; a node's own settings are in its files, and"
            " `ranvier config explain` shows them."
        )


def _change(setting: str) -> tuple[str, str | None]:
    key, sign, text = setting.partition("=")
    if not (key and sign):
        raise WrongUsage(f"{setting!r} has no value: write KEY=VALUE, or KEY= to take it away.")
    return key, text or None


def _print_history(node: NodeClient) -> None:
    found = node.get_array(f"{PATH}/history")
    if node.prints_json:
        write_line(json_text(found))
        return
    rows = [("REVISION", "STATE", "WHEN", "WHO", "KEYS OR REASON"), *map(_row, found)]
    for line in aligned(rows):
        write_line(line)


def _row(found: Json) -> tuple[str, ...]:
    what = found["reason"] or " ".join(sorted(found["values"])) or "(none)"
    fields = (found["revision"], found["state"], found["changedAt"] or "-", found["author"], what)
    return tuple(one_line(str(each)) for each in fields)


def _by(found: Json) -> str:
    return (
        f", set by {one_line(found['author'])} at {found['changedAt']}" if found["author"] else ""
    )
