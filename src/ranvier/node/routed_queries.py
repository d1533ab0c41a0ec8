"""The routing of queries of a node, with its figures shown."""

from __future__ import annotations

import time
from functools import partial

from ranvier.observability.metrics import Metrics
from ranvier.services.keep_clients import KeepClients
from ranvier.services.route_queries import RouteQueries
from ranvier.services.topology import Topology


def routed_queries(topology: Topology, clients: KeepClients, metrics: Metrics) -> RouteQueries:
    """Return the routing of queries; its handlers have the tags of `clients`."""
    queries = RouteQueries(topology, clients.tags_of, time.monotonic, metrics.queries)
    subscriptions = queries.subscriptions
    for name, description, find in (
        ("active", "Queries that have not ended", queries.dispatch.active_counts),
        ("queued", "Queries that wait for permits", queries.dispatch.queued_counts),
    ):
        metrics.watch_by_context(f"axon.queries.saturation.{name}.count", description, find)
    for name, description, count in (
        ("active", "Subscription queries that are open", lambda counts: counts.active),
        ("total", "Subscription queries opened", lambda counts: counts.total),
        ("updates", "Updates sent to callers", lambda counts: counts.updates),
    ):
        metrics.watch_by_context(
            f"axon.queries.subscriptionquery.{name}.count",
            description,
            partial(subscriptions.counts_by_context, count),
        )
    return queries
