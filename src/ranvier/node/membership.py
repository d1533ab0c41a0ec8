"""This node among the nodes, built from its settings and over its database."""

from __future__ import annotations

import platform
import socket
from functools import partial
from ipaddress import ip_address
from typing import Final

from ranvier import __version__
from ranvier.cluster.enrolment import Newcomer
from ranvier.cluster.member import Member
from ranvier.config.route import compute_route
from ranvier.config.settings import Settings
from ranvier.node.clocks import boot_seconds, unix_ms
from ranvier.node.former_life import FormerLife
from ranvier.node.node_id import kept_node_id
from ranvier.observability.metrics import Metrics
from ranvier.services.heed_separation import HeedSeparation
from ranvier.services.keep_clients import KeepClients
from ranvier.services.keep_membership import KeepMembership, MembershipPorts, MembershipSettings
from ranvier.storage.database import Database

ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address that is nobody's (RFC 5737); nothing is sent to it."""


def membership(database: Database, settings: Settings, life: FormerLife) -> KeepMembership:
    """Return the service that keeps this node's place."""
    return KeepMembership(
        MembershipPorts(
            database.cluster_nodes,
            database,
            partial(newcomer, settings, life),
            boot_seconds,
            keep_life=life.keep,
        ),
        MembershipSettings(),
    )


def separation(members: KeepMembership, clients: KeepClients) -> HeedSeparation:
    """Return the service that lets this node stand aside while it lacks links."""

    def send_away() -> None:
        for client in clients.clients():
            client.link.ask_to_reconnect()

    return HeedSeparation(members, boot_seconds, send_away)


def show_members(members: KeepMembership, metrics: Metrics) -> None:
    """Show the figures of the nodes."""
    metrics.watch_by(
        "state",
        "ranvier.cluster.nodes.count",
        "Nodes as this one sees them",
        members.count_by_state,
    )
    metrics.watch_by(
        "node",
        "ranvier.cluster.heartbeat.age.seconds",
        "Time since the heartbeat of a node was last seen to rise",
        members.silent_seconds,
    )
    metrics.watch(
        "ranvier.cluster.in.touch",
        "1 while heartbeats reach the database, else 0",
        lambda: float(members.is_in_touch),
    )


def serving_nodes(members: KeepMembership) -> list[tuple[str, str]]:
    """Return name and host of each node that takes part: it serves every context."""
    return [
        (each.member.name, each.member.host) for each in members.members() if each.state.is_alive
    ]


def newcomer(settings: Settings, life: FormerLife) -> Newcomer:
    """Return what this node brings along; its id is read from its data directory, or made."""
    return Newcomer(
        Member(
            node_id=kept_node_id(settings.data),
            name=settings.name,
            host=settings.advertised_host,
            internal_host=settings.advertised_internal_host,
            ip=own_address(settings.bind),
            local_node_id=settings.local_node_id,
            route=settings.route,
            weight=settings.weight,
            version=__version__,
            os=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            started_at_ms=unix_ms(),
        ),
        partial(compute_route, settings.hostname),
        settings.local_node_id if "local_node_id" in settings.given else None,
        settings.route if "route" in settings.given else None,
        life.ended_incarnation(),
    )


def own_address(bind: str) -> str:
    """Return the address that the node listens on; of all of them, the one that leads outside."""
    if bind == "localhost":
        return "127.0.0.1"
    if not ip_address(bind).is_unspecified:
        return bind
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
