"""`ranvier init-cluster`, `register-node`, `unregister-node`, `join-token`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.context_option import sendable_context
from ranvier.cli.errors import (
    JoinNotSeen,
    JoinTakenBack,
    LeaveNotSeen,
    NodeRefused,
    NodeSilent,
    SecretUnreadable,
    WrongUsage,
)
from ranvier.cli.node_client import Json, NodeClient
from ranvier.cli.printing import json_text, one_line, write_line

NODES: Final = "/api/cluster/nodes"
STANDING: Final = "/api/cluster"

STARTING_SECONDS: Final = 60.0
"""How long `register-node` waits for the node that starts again in its cluster."""

LEAVING_SECONDS: Final = 90.0
"""How long `unregister-node` waits: a node that runs lets its clients go first."""

LOOK_SECONDS: Final = 0.05
"""Between two looks at it."""

OTHER_TOKEN: Final = ("AXONIQ-1000", "AXONIQ-1001")
"""Refusals of a node that has taken over another access token, with all else that is shared."""


@talks_to_node
def init_cluster(
    node: NodeClient,
    context: Annotated[
        str,
        typer.Option("-c", "--context", metavar="NAME", callback=sendable_context, help="To have."),
    ] = "default",
) -> None:
    """Have a cluster and a first context; a node that is running has both."""
    node.command("POST", f"/v1/context/init?context={quote(context, safe='')}")
    cluster_id = node.get_object(STANDING, {}).get("clusterId")
    said = {"clusterId": cluster_id, "context": context}
    text = f"Cluster {one_line(str(cluster_id))} is initialised and has context {context}."
    write_line(json_text(said) if node.prints_json else text)


@talks_to_node
def register_node(
    node: NodeClient,
    host: Annotated[
        str,
        typer.Option("-h", "--host", metavar="HOST", help="Internal host of a node in it."),
    ],
    port: Annotated[
        int, typer.Option("-p", "--port", min=1, max=65_535, help="Its internal port.")
    ] = 8224,
    secret_file: Annotated[
        Path | None,
        typer.Option("--secret-file", metavar="FILE", help="Holds the cluster secret."),
    ] = None,
    join_token: Annotated[
        str | None,
        typer.Option("--join-token", metavar="TOKEN", help="Made by `ranvier join-token`."),
    ] = None,
) -> None:
    """Add the node at -S to the cluster of another node; return when it is running there."""
    wanted: Json = {"internalHostName": host, "internalGrpcPort": port}
    if secret_file is not None and join_token is not None:
        raise WrongUsage("Give --secret-file or --join-token: a node proves itself by one of them.")
    if secret_file is not None:
        wanted["clusterSecret"] = secret_in(secret_file)
    if join_token is not None:
        wanted["joinToken"] = join_token
    began = time.monotonic()
    node.command("POST", "/v1/cluster", wanted)
    name = running_node(node, began + STARTING_SECONDS)
    seconds = round(time.monotonic() - began, 3)
    said = {"node": name, "state": "running", "seconds": seconds}
    who = "The node" if name is None else f"Node {one_line(name)}"
    text = f"{who} is running in the cluster of {host}, after {seconds:g} s."
    write_line(json_text(said) if node.prints_json else text)


@talks_to_node
def unregister_node(
    node: NodeClient,
    name: Annotated[str, typer.Option("-n", "--node", metavar="NODE", help="Its name.")],
) -> None:
    """Take a node out of the cluster and return when it has left; one that runs goes on alone."""
    until = time.monotonic() + LEAVING_SECONDS
    node.command("DELETE", f"/v1/cluster/{quote(name, safe='')}")
    await_leave(node, name, until)
    text = json_text({"node": name, "state": "unregistered"})
    write_line(text if node.prints_json else f"Node {one_line(name)} is taken out of the cluster.")


@talks_to_node
def join_token(node: NodeClient) -> None:
    """Make a token by which one node may join, within 15 minutes."""
    made = node.post_json("/api/cluster/join-tokens", "default", b"{}")
    write_line(json_text(made) if node.prints_json else one_line(str(made.get("token"))))


def running_node(node: NodeClient, until: float) -> str | None:
    """Return the name of a node once it runs in its cluster; while it starts, it is silent.

    None is one that runs there and tells nobody who it is without the token of that cluster.
    """
    while time.monotonic() < until:
        try:
            name = look(node)
        except NodeSilent:
            name = None
        except NodeRefused as refusal:
            if refusal.node_code in OTHER_TOKEN:
                return None
            name = None
        if name is not None:
            return name
        time.sleep(LOOK_SECONDS)
    raise JoinNotSeen(STARTING_SECONDS)


def await_leave(node: NodeClient, name: str, until: float) -> None:
    """Return when a node has left its cluster; the one that is asked may leave, and be silent."""
    while time.monotonic() < until:
        try:
            if not is_member(node, name):
                return
        except NodeRefused as refusal:
            if refusal.node_code in OTHER_TOKEN:
                return  # it stands alone again, and asks for a token of its own
        except NodeSilent:
            pass
        time.sleep(LOOK_SECONDS)
    raise LeaveNotSeen(name, LEAVING_SECONDS)


def is_member(node: NodeClient, name: str) -> bool:
    """Tell whether a node is still one of the cluster's, as the node at -S sees it."""
    named = [each for each in node.get_array(NODES) if each.get("name") == name]
    if not named:
        return False
    return not named[0].get("isLocal") or bool(node.get_object(STANDING, {}).get("joined"))


def look(node: NodeClient) -> str | None:
    """Return the node's name if it is running in a cluster; raises `JoinTakenBack` if not to be."""
    standing = node.get_object(STANDING, {})
    if not standing.get("joined"):
        if standing.get("refusal"):
            raise JoinTakenBack(str(standing["refusal"]))
        return None
    for each in node.get_array(NODES):
        if each.get("isLocal") and each.get("state") == "running":
            return str(each.get("name"))
    return None


def secret_in(file: Path) -> str:
    """Return the secret that a file holds; raises `SecretUnreadable`."""
    try:
        secret = file.read_text("ascii").strip()
    except (OSError, ValueError):
        raise SecretUnreadable(str(file)) from None
    if not secret or not secret.isprintable() or " " in secret:
        raise SecretUnreadable(str(file))
    return secret
