"""Node lists as `GET /api/cluster/nodes` answers them, for the tests of balancers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranvier.balancer.node_list import BalancedNode, read_nodes


def listed_node(name: str, **fields: object) -> dict[str, Any]:
    """Return one node of a list; what is not given is as on a node that speaks AJP."""
    return {
        "name": name,
        "host": "127.0.0.1",
        "ip": "127.0.0.1",
        "httpPort": 8024,
        "grpcPort": 8124,
        "internalPort": 8224,
        "ajpPort": 8009,
        "localNodeId": 0,
        "jvmRoute": name,
        "weight": 1,
        "state": "running",
        **fields,
    }


IVY_NODES = [
    listed_node("ivynode1", host="ivynode1", weight=2),
    listed_node("ivynode2", host="ivynode2", ajpPort=8010),
]
"""The first is twice as strong."""


def on_loopback(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put nodes on this machine, where their names are unknown, each at ports of its own."""
    return [
        {**each, "host": "127.0.0.1", "httpPort": 8024 + at, "ajpPort": 8009 + at}
        for at, each in enumerate(listed)
    ]


def nodes_of(*listed: Mapping[str, object]) -> tuple[BalancedNode, ...]:
    """Read a list."""
    return read_nodes(listed)
