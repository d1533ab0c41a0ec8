"""Queries between this node and all others: what it offers to them, and what it asks of them."""

from __future__ import annotations

from ranvier.mesh.mesh_server import MeshServer
from ranvier.mesh.peer_link import PeerLink
from ranvier.mesh.remote_query_handlers import RemoteQueryHandlers
from ranvier.mesh.served_query import ServedQuery
from ranvier.mesh.served_subscription import ServedSubscription
from ranvier.services.route_queries import RouteQueries
from ranvier.wire.grpc.methods import streaming
from ranvier.wire.grpc.server import GrpcServer


class QueryCalls:
    """Goes into a mesh by two doors: its links open handlers here, its server offers the calls."""

    def __init__(self, queries: RouteQueries, longest_bytes: int) -> None:
        """`longest_bytes` is what a query may have to be sent to a client of this node."""
        self._queries = queries
        self._longest_bytes = longest_bytes

    def open_handlers(self, link: PeerLink) -> RemoteQueryHandlers:
        """Return who takes what a node tells of its query handlers."""
        return RemoteQueryHandlers(link, self._queries)

    def add_to(self, mesh: MeshServer, server: GrpcServer) -> None:
        """Offer the calls to the nodes that are linked."""
        queries, longest_bytes = self._queries, self._longest_bytes
        query = streaming(lambda call: ServedQuery(call, queries.dispatch, longest_bytes))
        subscription = streaming(
            lambda call: ServedSubscription(call, queries.forwarded, longest_bytes)
        )
        mesh.add(server, "Query", query)
        mesh.add(server, "SubscriptionQuery", subscription)
