"""Where the clients of a node go, built over its services and its place among the nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.axon.errors import grpc_error
from ranvier.axon.lasting_calls import BINDING_PATHS, LASTING_PATHS
from ranvier.axon.platform import PublishedNode
from ranvier.cluster.member import MemberView
from ranvier.cluster.placement import PlacedClient
from ranvier.config.settings import Settings
from ranvier.node.services import NodeServices
from ranvier.services.drain_node import DrainNode, DrainSurroundings
from ranvier.services.errors import NodeDraining
from ranvier.services.heed_separation import HeedSeparation, could_serve
from ranvier.services.keep_clients import ConnectedClient, KeepClients
from ranvier.services.keep_membership import KeepMembership
from ranvier.services.peers import NodeCondition
from ranvier.services.place_clients import Balancing, PlaceClients, PlacementSettings
from ranvier.wire.grpc.server import GrpcServer

ASKED_AT_ONCE: Final = 200
BETWEEN_TURNS_SECONDS: Final = 0.1
"""Clients of a draining node are asked to go in turns: thousands that come at once would hold up
the nodes that take them in."""


@dataclass(frozen=True, slots=True)
class PlacingParties:
    """What of a node decides where clients go."""

    membership: KeepMembership
    services: NodeServices
    condition_of: Callable[[str], NodeCondition | None]
    """What a node with this id has told of itself."""
    is_ready: Callable[[], bool]
    """Whether clients may be sent to this node."""


class ClientStreams:
    """The streams by which clients have settled at this node."""

    def __init__(self, server: GrpcServer, clients: KeepClients) -> None:
        self._server = server
        self._clients = clients

    def count(self) -> int:
        """Return how many are open."""
        return sum(call.head.path in BINDING_PATHS for call in self._server.calls())

    def ask_to_leave(self) -> None:
        """Ask every client to go to another node, so many at a time."""
        clients, loop = self._clients.clients(), asyncio.get_running_loop()
        for turn, first in enumerate(range(0, len(clients), ASKED_AT_ONCE)):
            asked = clients[first : first + ASKED_AT_ONCE]
            loop.call_later(turn * BETWEEN_TURNS_SECONDS, ask_to_reconnect, asked)

    def cut(self) -> None:
        """End what would last, and take no new calls on any connection."""
        error = grpc_error(NodeDraining())
        self._server.send_away()
        for call in self._server.calls():
            if call.head.path in LASTING_PATHS:
                call.cut(error)


def ask_to_reconnect(clients: Sequence[ConnectedClient]) -> None:
    """Ask clients to look for a node again; one that has gone meanwhile is not reached."""
    for client in clients:
        client.link.ask_to_reconnect()


class NodeFigures:
    """How much each node has to do, as the nodes tell each other."""

    def __init__(self, settings: Settings, parties: PlacingParties) -> None:
        self._tags = settings.tags
        self._parties = parties

    def own_client_count(self) -> int:
        """Return how many clients this node has."""
        return self._parties.services.clients.count

    def is_own_ready(self) -> bool:
        """Tell whether clients may be sent to this node."""
        return self._parties.is_ready()

    def client_count(self, node_id: str) -> int | None:
        """Return how many another node has; None where it is not ready, or has not told."""
        condition = self._parties.condition_of(node_id)
        return condition.client_count if condition is not None and condition.is_ready else None

    def tags(self, node_id: str) -> Mapping[str, str]:
        """Return the tags of a node."""
        if node_id == self._parties.membership.own.node_id:
            return self._tags
        condition = self._parties.condition_of(node_id)
        return {} if condition is None else condition.tags


def client_placing(settings: Settings, parties: PlacingParties) -> PlaceClients:
    """Return what tells clients which node to use."""
    clients = parties.services.clients

    def ask_to_move(count: int) -> None:
        # Those that came last have the least to leave behind.
        ask_to_reconnect(clients.clients()[-count:])

    return PlaceClients(
        parties.membership,
        NodeFigures(settings, parties),
        Balancing(
            ask_to_move,
            PlacementSettings(
                settings.cluster.auto_balancing, settings.cluster.balancing_rate_seconds
            ),
        ),
        time.monotonic,
    )


def other_node(place: PlaceClients) -> Callable[[PlacedClient], PublishedNode | None]:
    """Return what tells where a client goes that does not stay; None: it stays."""

    def find(client: PlacedClient) -> PublishedNode | None:
        view = place.place(client)
        member = view.member
        if view.is_own:
            return None
        return PublishedNode(member.name, member.host, member.grpc_port, member.http_port)

    return find


def draining(server: GrpcServer, parties: PlacingParties, separation: HeedSeparation) -> DrainNode:
    """Return what drains this node, and others on request."""

    def is_ready(view: MemberView) -> bool:
        if view.member.node_id in separation.aside or not could_serve(view):
            return False
        if view.is_own:
            return parties.is_ready()
        # A node without a link tells nothing; what all nodes see of it then counts alone.
        condition = parties.condition_of(view.member.node_id)
        return condition is None or condition.is_ready

    streams = ClientStreams(server, parties.services.clients)
    held = parties.services.commands.held
    surroundings = DrainSurroundings(is_ready, held.moving, time.monotonic)
    return DrainNode(parties.membership, streams, surroundings)
