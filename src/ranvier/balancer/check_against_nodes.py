"""Where a file of workers and the nodes of the cluster differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ranvier.balancer.check_relations import line_of, nodes_of_balancer, route_of
from ranvier.balancer.finding import Finding, nearest, shown
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.workers import Workers


def node_findings(workers: Workers, nodes: Sequence[BalancedNode]) -> Iterator[Finding]:
    """Yield routes, ports and weights that no node has, and nodes that are missing."""
    by_route = {each.route: each for each in nodes}
    for balancer in workers.balancers():
        members = nodes_of_balancer(workers, balancer)
        for name in members:
            node = by_route.get(route_of(workers, name))
            if node is None:
                yield _unknown_route(workers, name, by_route)
            else:
                yield from _differences(workers, name, node)
        missing = set(by_route) - {route_of(workers, name) for name in members}
        for route in sorted(missing):
            message = f"{balancer} lacks the node {by_route[route].shown_name} of route {route}."
            yield Finding(workers.by_name[balancer].line, "missing-node", message)
        yield from _other_shares(workers, members, by_route)


def _unknown_route(workers: Workers, name: str, routes: dict[str, BalancedNode]) -> Finding:
    route = route_of(workers, name)
    message = f"No node has the route {shown(route)} of {name}{nearest(route, routes)}"
    return Finding(line_of(workers, name, "route"), "unequal-route", message)


def _differences(workers: Workers, name: str, node: BalancedNode) -> Iterator[Finding]:
    port = workers.get(name, "port")
    if port is not None and not port.is_open and port.value != str(node.ajp_port):
        told = "none" if node.ajp_port is None else str(node.ajp_port)
        message = f"{name} has port {shown(port.value)}; the port for AJP of its node is {told}."
        yield Finding(port.line, "unequal-port", message)


def _other_shares(
    workers: Workers, members: Sequence[str], nodes: dict[str, BalancedNode]
) -> Iterator[Finding]:
    """Yield nothing where the factors stand in the proportion of the weights."""
    pairs = [
        (name, workers.value(name, "lbfactor", "1"), nodes[route_of(workers, name)].weight)
        for name in members
        if route_of(workers, name) in nodes
    ]
    if not all(re.fullmatch("[0-9]{1,9}", factor) for _, factor, _ in pairs):
        return
    for name, factor, weight in pairs:
        _, first_factor, first_weight = pairs[0]
        if int(factor) * first_weight != int(first_factor) * weight:
            message = (
                f"{name} has lbfactor {factor} against {first_factor} of {pairs[0][0]}; the nodes'"
                f" weights are {weight} and {first_weight}."
            )
            yield Finding(line_of(workers, name, "lbfactor"), "unequal-weight", message)
