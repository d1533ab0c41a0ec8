"""Subscription queries of other nodes' clients at the handlers of this node."""

from __future__ import annotations

from typing import Final

from ranvier.messages.errors import DuplicateQuery, TooManySubscriptionQueries
from ranvier.services.errors import NodeStopping
from ranvier.services.open_subscription import ForwardedSubscription, SubscribingNode
from ranvier.services.query_handlers import QueryHandlers
from ranvier.services.query_stream import QueryStream
from ranvier.services.subscription_queries import SubscriptionQueries

FORWARDED_MAX: Final = 200_000
"""At a time, over all handlers: each subscription query comes once to each handler of its name."""


class ToldHandler:
    """One handler that was told of a subscription query, until its asking node has enough."""

    __slots__ = ("_forwarding", "_stream", "_subscription")

    def __init__(
        self,
        forwarding: ForwardedSubscriptions,
        stream: QueryStream,
        subscription: ForwardedSubscription,
    ) -> None:
        self._forwarding = forwarding
        self._stream = stream
        self._subscription = subscription

    def ask_initial(self, data: bytes) -> None:
        """Ask the handler for the initial result."""
        stream, query_id = self._stream, self._subscription.query_id
        if stream.forwarded.get(query_id) is self._subscription:
            self._forwarding.tell_now(stream, self._subscription)
            stream.link.send_initial_request(query_id, data)

    def close(self) -> None:
        """Let the handler know that nobody hears it any more."""
        self._forwarding.forget(self._stream, self._subscription)


class ForwardedSubscriptions:
    """All of them; what handlers answer comes here by way of `SubscriptionQueries`."""

    def __init__(self, handlers: QueryHandlers, subscriptions: SubscriptionQueries) -> None:
        self._handlers = handlers
        self._subscriptions = subscriptions
        self._open: dict[ForwardedSubscription, QueryStream] = {}
        self._is_stopping = False
        handlers.observers.append(self)

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Let the other nodes look for other handlers: this node is stopping."""
        self._is_stopping = True
        for subscription, stream in list(self._open.items()):
            self.forget(stream, subscription)
            subscription.node.end()

    @property
    def open_count(self) -> int:
        """How many are open, each handler counted by itself."""
        return len(self._open)

    def open(
        self, stream_id: str, query_id: str, data: bytes, node: SubscribingNode
    ) -> ToldHandler | None:
        """Tell one handler of a subscription query; None, and the node is told, if it cannot be.

        Raises `DuplicateQuery`, `TooManySubscriptionQueries`, `NodeStopping`.
        """
        if self._is_stopping:
            raise NodeStopping
        if len(self._open) >= FORWARDED_MAX:
            raise TooManySubscriptionQueries(FORWARDED_MAX)
        stream = self._handlers.stream_of_id(stream_id)
        if stream is None:
            node.return_unsent()
            return None
        if query_id in stream.forwarded or self._subscriptions.hears(stream, query_id):
            raise DuplicateQuery(query_id)
        subscription = ForwardedSubscription(query_id, data, node)
        stream.forwarded[query_id] = subscription
        self._open[subscription] = stream
        stream.untold[subscription] = None
        self._subscriptions.send_untold(stream)
        return ToldHandler(self, stream, subscription)

    def tell_now(self, stream: QueryStream, subscription: ForwardedSubscription) -> None:
        """Tell a handler of a subscription query that waits for it to read."""
        if subscription in stream.untold:
            del stream.untold[subscription]
            stream.link.send_subscribe(subscription.query_id, subscription.data)

    def forget(self, stream: QueryStream, subscription: ForwardedSubscription) -> None:
        """End one at its handler, if it has not ended."""
        self._open.pop(subscription, None)
        if stream.forwarded.get(subscription.query_id) is not subscription:
            return
        del stream.forwarded[subscription.query_id]
        if subscription in stream.untold:
            del stream.untold[subscription]
        else:
            stream.link.send_unsubscribe(subscription.query_id)

    # What the registry of handlers tells.

    def joined(self, stream: QueryStream, name: str) -> None:
        """Do nothing: the nodes whose clients subscribe learn of it by themselves."""

    def withdrawn(self, stream: QueryStream, name: str) -> None:
        """Do nothing: they learn of this, too, and what the handler owes still counts."""

    def lost(self, stream: QueryStream, names: tuple[str, ...]) -> None:  # noqa: ARG002  # any name
        """Tell the nodes that this handler says no more."""
        forwarded = list(stream.forwarded.values())
        stream.forwarded.clear()
        for subscription in forwarded:
            del self._open[subscription]
            subscription.node.end()
