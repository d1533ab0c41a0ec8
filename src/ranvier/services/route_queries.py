"""All that routes queries on a node, as one service: handlers, questions, subscriptions."""

from __future__ import annotations

from collections.abc import Callable

from ranvier.observability.operation import Operation
from ranvier.services.dispatch_queries import DispatchQueries
from ranvier.services.expire_queries import ExpireQueries
from ranvier.services.forwarded_subscriptions import ForwardedSubscriptions
from ranvier.services.query_handlers import FindTags, QueryHandlers
from ranvier.services.subscription_queries import SubscriptionQueries
from ranvier.services.topology import Topology


class RouteQueries:
    """The parts, started and stopped together."""

    def __init__(
        self,
        topology: Topology,
        find_tags: FindTags,
        clock: Callable[[], float],
        operation: Operation | None = None,
    ) -> None:
        """`clock` tells seconds that never go back; `operation` counts the queries."""
        self.handlers = QueryHandlers(topology, find_tags)
        self.dispatch = DispatchQueries(self.handlers, clock, operation)
        self.subscriptions = SubscriptionQueries(self.handlers, clock)
        self.forwarded = ForwardedSubscriptions(self.handlers, self.subscriptions)
        self._expire = ExpireQueries(self.dispatch.expire, self.subscriptions.expire)

    async def start(self) -> None:
        """Begin to look for queries that run too long."""
        await self._expire.start()

    async def stop(self) -> None:
        """End subscriptions, let running queries end, then end the handlers' streams."""
        await self.subscriptions.stop()
        await self.forwarded.stop()
        await self.dispatch.stop()
        await self.handlers.stop()
        await self._expire.stop()

    def end_context(self, context: str) -> None:
        """End everything in a context that has been deleted."""
        self.subscriptions.end_context(context)
        self.handlers.end_context(context)
