"""Mistakes between lines: who is named and not there, or there and not used; routes, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ranvier.balancer.finding import Finding, nearest, shown
from ranvier.balancer.node_list import ROUTE
from ranvier.balancer.workers import REFERENCES_MAX, Workers
from ranvier.balancer.workers_directives import BALANCER, NODE


def relation_findings(workers: Workers) -> Iterator[Finding]:
    """Yield the mistakes of the file as a whole."""
    yield from _list_findings(workers)
    yield from _reference_findings(workers)
    for name in workers.balancers():
        yield from _member_findings(workers, name)
        yield from _alike_findings(workers, name)
        yield from _redirect_findings(workers, name)
        yield from _host_findings(workers, name)
        yield from _force_findings(workers, name)
    yield from _missing_type_findings(workers)
    yield from _route_findings(workers)
    yield from _secret_findings(workers)
    yield from _unused_findings(workers)


def _list_findings(workers: Workers) -> Iterator[Finding]:
    if not workers.listed:
        message = "worker.list is missing, so that no worker can be used; add worker.list=NAME."
        yield Finding(1, "no-list", message)
    seen: set[str] = set()
    for name, line in workers.listed_names():
        if name not in workers.by_name:
            message = f"worker.list names {shown(name)}, which nobody defines"
            yield Finding(line, "undefined-worker", message + nearest(name, workers.by_name))
        elif name in seen:
            yield Finding(line, "duplicate", f"worker.list names {name} twice.")
        seen.add(name)


def _reference_findings(workers: Workers) -> Iterator[Finding]:
    for worker in workers.by_name.values():
        target = workers.reference_of(worker)
        if not target:
            continue
        line = worker.said["reference"][-1].line
        if target not in workers.by_name:
            message = f"{worker.name} refers to {shown(target)}, which nobody defines"
            yield Finding(line, "undefined-worker", message + nearest(target, workers.by_name))
        elif workers.reference_of(list(workers.with_references(worker.name))[-1]):
            message = (
                f"{worker.name} refers to {target}, and that comes to no end: in a circle, or over"
                f" more than {REFERENCES_MAX} others."
            )
            yield Finding(line, "circle", message)


def _member_findings(workers: Workers, balancer: str) -> Iterator[Finding]:
    members = workers.members_of(balancer)
    if not members and workers.get(balancer, "balance_workers") is None:
        message = f"{balancer} is a balancer of nobody; add worker.{balancer}.balance_workers."
        yield Finding(workers.by_name[balancer].line, "no-members", message)
    seen: set[str] = set()
    for name, line in members:
        if name == balancer:
            yield Finding(line, "circle", f"{balancer} balances itself; name nodes only.")
        elif name not in workers.by_name:
            message = f"{balancer} balances {shown(name)}, which nobody defines"
            yield Finding(line, "undefined-worker", message + nearest(name, workers.by_name))
        elif workers.type_of(name) != NODE:
            message = f"{balancer} balances {name}, which is no node; name nodes only."
            yield Finding(line, "wrong-type", message)
        elif name in seen:
            yield Finding(line, "duplicate", f"{balancer} balances {name} twice.")
        seen.add(name)


def nodes_of_balancer(workers: Workers, balancer: str) -> list[str]:
    """Return the members that are defined and are nodes, each once."""
    return [
        name
        for name in dict.fromkeys(name for name, _ in workers.members_of(balancer))
        if name in workers.by_name and name != balancer and workers.type_of(name) == NODE
    ]


def route_of(workers: Workers, name: str) -> str:
    """Return the route that mod_jk looks for: the worker's name where nothing is said."""
    return workers.value(name, "route", name)


def line_of(workers: Workers, name: str, directive: str) -> int:
    """Return where something is said of a worker, or where the worker begins."""
    found = workers.get(name, directive)
    return workers.by_name[name].line if found is None else found.line


def _alike_findings(workers: Workers, balancer: str) -> Iterator[Finding]:
    routes: dict[str, str] = {}
    places: dict[tuple[str, str], str] = {}
    for name in nodes_of_balancer(workers, balancer):
        route = route_of(workers, name)
        if route in routes:
            message = f"{name} has the route {shown(route)} of {routes[route]}; each needs its own."
            yield Finding(line_of(workers, name, "route"), "duplicate-route", message)
        routes.setdefault(route, name)
        place = (
            workers.value(name, "host", "localhost").lower(),
            workers.value(name, "port", "8009"),
        )
        if place in places:
            at = ":".join(place)
            message = f"{name} is at {shown(at)}, where {places[place]} is; each needs its own."
            yield Finding(line_of(workers, name, "port"), "duplicate", message)
        places.setdefault(place, name)


def _host_findings(workers: Workers, balancer: str) -> Iterator[Finding]:
    """Yield routes that belong to another host, and workers that say none."""
    nodes = nodes_of_balancer(workers, balancer)
    owners = {_first_label(workers, name): name for name in nodes}
    for name in nodes:
        route, own = workers.get(name, "route"), _first_label(workers, name)
        if route is None and name.lower() != own:
            message = (
                f"{name} has no route, so that mod_jk takes its name for one; add"
                f" worker.{name}.route, as the node's page shows it."
            )
            yield Finding(workers.by_name[name].line, "no-route", message)
        owner = None if route is None else owners.get(route.value.lower())
        if route is not None and owner not in (None, name) and route.value.lower() != own:
            message = f"{name} has the route {shown(route.value)}, which is that of {owner}'s host."
            yield Finding(route.line, "unequal-route", message)


def _first_label(workers: Workers, name: str) -> str:
    """Return what a node on this host has for a route, unless it is told otherwise."""
    host = workers.value(name, "host", "localhost").lower()
    is_address = re.fullmatch(r"[0-9.]+|.*:.*", host) is not None
    return re.sub(r"[^a-z0-9_-]", "-", host if is_address else host.partition(".")[0])


def _redirect_findings(workers: Workers, balancer: str) -> Iterator[Finding]:
    nodes = nodes_of_balancer(workers, balancer)
    routes = {route_of(workers, name) for name in nodes}
    for name in nodes:
        target = workers.get(name, "redirect")
        if target is not None and not target.is_open and target.value not in routes:
            message = f"{name} redirects to {shown(target.value)}, the route of no other node"
            yield Finding(target.line, "undefined-route", message + nearest(target.value, routes))


def _force_findings(workers: Workers, balancer: str) -> Iterator[Finding]:
    force = workers.get(balancer, "sticky_session_force")
    if force is not None and force.value.lower() in {"1", "true", "on", "yes", "y", "t"}:
        message = (
            "sticky_session_force answers 503 to every user whose node is lost, though any node"
            " could take over; remove the line."
        )
        yield Finding(force.line, "forced", message)


def _missing_type_findings(workers: Workers) -> Iterator[Finding]:
    for name, worker in workers.by_name.items():
        if "balance_workers" in worker.said and workers.get(name, "type") is None:
            message = f"{name} has members and no type; add worker.{name}.type={BALANCER}."
            yield Finding(worker.line, "no-type", message)


def _route_findings(workers: Workers) -> Iterator[Finding]:
    for worker in workers.by_name.values():
        for route in worker.said.get("route", []):
            if route.is_open or not route.value:
                continue
            if "." in route.value:
                message = (
                    f"The route {shown(route.value)} has a dot, at which mod_jk ends it; the nodes'"
                    f" own routes have none, as in {shown(route.value.split('.')[0].lower())}."
                )
                yield Finding(route.line, "dotted-route", message)
            elif not ROUTE.fullmatch(route.value):
                message = (
                    f"The route {shown(route.value)} can be no node's: they are 1 to 32 of A-Z,"
                    " a-z, 0-9, _ and -."
                )
                yield Finding(route.line, "value", message)


def _secret_findings(workers: Workers) -> Iterator[Finding]:
    """Yield nodes that are used and have no secret, neither themselves nor by their balancer."""
    balancers = workers.balancers()
    owners = {name: None for name, _ in workers.listed_names()} | {
        member: balancer for balancer in balancers for member, _ in workers.members_of(balancer)
    }
    for name, balancer in owners.items():
        if name not in workers.by_name or workers.type_of(name) != NODE:
            continue
        inherited = balancer is not None and workers.get(balancer, "secret") is not None
        if workers.get(name, "secret") is None and not inherited:
            message = (
                f"{name} has no secret, and a node refuses requests without; add"
                f" worker.{name}.secret=$(RANVIER_AJP_SECRET)."
            )
            yield Finding(workers.by_name[name].line, "no-secret", message)


def _unused_findings(workers: Workers) -> Iterator[Finding]:
    used = {name for name, _ in workers.listed_names()}
    for name in [*used]:
        used |= {member for member, _ in workers.members_of(name)}
    for name in [*used]:
        used |= {each.name for each in workers.with_references(name)}
    has_open_list = any(each.is_open for each in workers.listed)
    for name, worker in workers.by_name.items():
        if name not in used and workers.listed and not has_open_list:
            message = f"{name} is defined and never used; name it in worker.list or in a balancer."
            yield Finding(worker.line, "unused-worker", message)
