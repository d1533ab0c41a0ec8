"""`ranvier drain NODE`, `ranvier resume NODE`: a node takes nothing new, or takes it again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.node_client import NodeClient
from ranvier.cli.printing import json_text, write_line

NodeName = Annotated[str, typer.Argument(metavar="NODE", help="The name of the node.")]


@talks_to_node
def drain(node: NodeClient, name: NodeName) -> None:
    """Let a node take nothing new and send its clients to the others; any node can be asked."""
    _ask(node, name, "drain")
    _say(node, name, "draining", f"Node {name} drains; its clients are asked to go elsewhere.")


@talks_to_node
def resume(node: NodeClient, name: NodeName) -> None:
    """Let a node that was drained take clients again."""
    _ask(node, name, "resume")
    _say(node, name, "running", f"Node {name} takes clients again.")


def _ask(node: NodeClient, name: str, what: str) -> None:
    node.command("POST", f"/api/cluster/nodes/{quote(name, safe='')}/{what}")


def _say(node: NodeClient, name: str, state: str, sentence: str) -> None:
    write_line(json_text({"name": name, "state": state}) if node.prints_json else sentence)
