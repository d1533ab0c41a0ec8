"""`ranvier cluster`: the nodes as one of them sees them."""

from __future__ import annotations

from typing import Any, Final

from ranvier.cli.command import talks_to_node
from ranvier.cli.node_client import Json, NodeClient
from ranvier.cli.printing import aligned, shortened, write_json_array, write_line

_COLUMNS: Final = (
    "NAME",
    "STATE",
    "COMMUNICATION",
    "HOST",
    "HTTP",
    "GRPC",
    "INTERNAL",
    "ROUTE",
    "VERSION",
)


@talks_to_node
def cluster(node: NodeClient) -> None:
    """List the nodes of the cluster and how they do; a star marks the one that answers."""
    found = node.get_array("/api/cluster/nodes")
    if node.prints_json:
        write_json_array(found)
        return
    for line in aligned([_COLUMNS, *map(_row, found)]):
        write_line(line)


def _row(found: Json) -> tuple[str, ...]:
    name = _text(found, "name") + (" *" if found.get("isLocal") else "")
    fields = ("state", "communication", "host", "httpPort", "grpcPort", "internalPort")
    return (name, *(_text(found, each) for each in (*fields, "jvmRoute", "version")))


def _text(found: Json, field: str) -> str:
    value: Any = found.get(field)
    return "-" if value is None else shortened(str(value))
