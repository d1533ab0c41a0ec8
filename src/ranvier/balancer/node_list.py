"""The nodes that a balancer spreads over, as `GET /api/cluster/nodes` lists them.

Whatever gets into a file has passed a pattern here that no grammar of a balancer can be left by.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.balancer.errors import NodeLacks, UnusableNode

NODES_MAX: Final = 1_000
"""Nodes of one file; more are no cluster, but a mistake."""
ROUTE: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
WEIGHT_MAX: Final = 256
"""What HAProxy knows as the largest weight."""
_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_HOST_LENGTH: Final = 253


@dataclass(frozen=True, slots=True)
class BalancedNode:
    """A node behind a balancer; without a port for AJP it speaks HTTP only."""

    name: str
    host: str
    http_port: int
    route: str
    ajp_port: int | None = None
    weight: int = 1
    is_draining: bool = False

    @property
    def http_address(self) -> str:
        """Host and port for HTTP, an IPv6 address in brackets."""
        return f"{bracketed(self.host)}:{self.http_port}"

    @property
    def ajp_address(self) -> str:
        """Host and port for AJP; raises `NodeLacks` where it has none."""
        return f"{bracketed(self.host)}:{self.needed_ajp_port}"

    @property
    def needed_ajp_port(self) -> int:
        """The port for AJP; raises `NodeLacks` where it has none."""
        if self.ajp_port is None:
            raise NodeLacks(
                f"The node {self.shown_name} listens for no AJP; give it an ajp_secret, or let the"
                " balancer use HTTP."
            )
        return self.ajp_port

    @property
    def shown_name(self) -> str:
        """The name as a comment may hold it."""
        return re.sub(r"[^A-Za-z0-9_.-]", "?", self.name)[:64]


def bracketed(host: str) -> str:
    """Write a host as it stands before a port."""
    return f"[{host}]" if ":" in host else host


def is_host(text: str) -> bool:
    """Say whether this is an IP address or a host name, and nothing else."""
    try:
        return "%" not in str(ipaddress.ip_address(text))
    except ValueError:
        labels = text.split(".")
        return len(text) <= _HOST_LENGTH and all(map(_LABEL.fullmatch, labels))


def read_nodes(listed: Sequence[Mapping[str, object]]) -> tuple[BalancedNode, ...]:
    """Read a node list, sorted by name with numbers as numbers; raise `UnusableNode`."""
    if not listed:
        raise UnusableNode("The node list is empty; start a node, or ask another one.")
    if len(listed) > NODES_MAX:
        raise UnusableNode(f"The node list has {len(listed)} nodes; at most {NODES_MAX} can be.")
    nodes = sorted(map(_read_node, listed), key=_order)
    _refuse_repeated("route", (each.route.lower() for each in nodes))
    _refuse_repeated("name", (each.name for each in nodes))
    _refuse_repeated("HTTP address", (each.http_address.lower() for each in nodes))
    return tuple(nodes)


def _read_node(listed: Mapping[str, object]) -> BalancedNode:
    name = listed.get("name")
    if not isinstance(name, str) or not name:
        raise UnusableNode("A node of the list has no name; the list must be that of a node.")
    host, route = listed.get("host"), listed.get("jvmRoute")
    if not isinstance(host, str) or not is_host(host):
        raise UnusableNode(f"The host {host!r} of node {name!r} is neither a name nor an address.")
    if not isinstance(route, str) or not ROUTE.fullmatch(route):
        raise UnusableNode(
            f"The route {route!r} of node {name!r} must be 1 to 32 of A-Z, a-z, 0-9, _ and -."
        )
    return BalancedNode(
        name=name,
        host=str(ipaddress.ip_address(host)) if ":" in host else host,
        http_port=_number(listed, "httpPort", 65_535),
        route=route,
        ajp_port=None if listed.get("ajpPort") is None else _number(listed, "ajpPort", 65_535),
        weight=_number({"name": name, "weight": 1, **listed}, "weight", WEIGHT_MAX),
        is_draining=listed.get("state") == "draining",
    )


def _number(listed: Mapping[str, object], field: str, most: int) -> int:
    value = listed.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise UnusableNode(
            f"{field} of node {listed['name']!r} is {value!r}; it must be a number from 1 to"
            f" {most}."
        )
    return value


def _order(node: BalancedNode) -> tuple[tuple[tuple[bool, int, str], ...], str]:
    parts = re.split(r"([0-9]+)", node.name)
    return tuple((each.isdigit(), _as_number(each), each) for each in parts), node.name


def _as_number(part: str) -> int:
    return int(part) if part.isdigit() and part.isascii() and len(part) < 20 else 0


def _refuse_repeated(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in values:
        if each in seen:
            raise UnusableNode(f"Two nodes have the {what} {each!r}; each must have its own.")
        seen.add(each)
