"""The query handlers of one other node, brought among those of this node while the link stands."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from ranvier.mesh.peer_link import PeerLink
from ranvier.mesh.query_link import QueryLink
from ranvier.messages.errors import MessageError
from ranvier.messages.handler import Handler
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.services.topology import Kind, Registration

HANDLERS_MAX: Final = 100_000
"""Streams of one node: ten times as many clients as one node serves."""

logger = logging.getLogger("ranvier.mesh")


@dataclass(slots=True)
class RemoteStream:
    """One handler's stream, its way, and the names that it handles."""

    stream: QueryStream
    link: QueryLink
    names: set[str] = field(default_factory=set)


class RemoteQueryHandlers:
    """Follows the table of one node."""

    def __init__(self, link: PeerLink, queries: RouteQueries) -> None:
        self._link = link
        self._queries = queries
        self._streams: dict[int, RemoteStream] = {}
        self._leaving: list[RemoteStream] = []
        """Without names, with calls that have not ended."""

    def added(self, handler: int, registration: Registration) -> None:
        """Let a handler be asked for a name, or show its new particulars."""
        if registration.kind != "query":
            return
        remote = self._streams.get(handler)
        if remote is None:
            if len(self._streams) >= HANDLERS_MAX:
                logger.warning("Node %s has more query handlers than are kept.", registration.node)
                return
            remote = self._streams[handler] = self._opened(registration)
        try:
            self._queries.handlers.offered_elsewhere(remote.stream, registration)
            remote.names.add(registration.name)
        except MessageError as error:
            logger.warning("A query handler of node %s is left out: %s", registration.node, error)

    def removed(self, handler: int, kind: Kind, name: str) -> None:
        """Ask a handler for a name no more; what it was asked, it still answers."""
        remote = self._streams.get(handler)
        if kind != "query" or remote is None:
            return
        self._queries.handlers.withdrawn_elsewhere(remote.stream, name)
        remote.names.discard(name)
        if not remote.names:
            del self._streams[handler]
            self._leaving.append(remote)
            self._forget_idle()

    def reply_received(self, reply: mesh_pb2.LinkReply) -> None:
        """Do nothing: what is said of queries comes on their own calls."""

    def writable(self) -> None:
        """Do nothing."""

    def lost(self) -> None:
        """Take it that no handler of the node will answer any more."""
        streams, self._streams = list(self._streams.values()), {}
        leaving, self._leaving = self._leaving, []
        for remote in (*streams, *leaving):
            self._queries.handlers.closed_elsewhere(remote.stream)

    def _opened(self, registration: Registration) -> RemoteStream:
        handler = Handler(
            registration.context,
            registration.client_id,
            registration.stream_id,
            registration.component_name,
            dict(registration.tags),
            registration.node,
        )
        link = QueryLink(self._link, self._queries, registration.stream_id)
        link.stream = self._queries.handlers.opened_elsewhere(handler, link)
        return RemoteStream(link.stream, link)

    def _forget_idle(self) -> None:
        """Forget the handlers that have left and owe nothing."""
        leaving, self._leaving = self._leaving, []
        for remote in leaving:
            if remote.link.is_idle:
                self._queries.handlers.closed_elsewhere(remote.stream)
            else:
                self._leaving.append(remote)
