"""Open subscription queries at their handler, and the updates that go to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ranvier.client.errors import Overloaded
from ranvier.client.handler_stream import QUEUED_BYTES, HandlerStream
from ranvier.client.payload import MetadataMapping
from ranvier.client.query_answers import QueryAnswers

SUBSCRIPTIONS_MAX: Final = 100_000
"""Subscription queries that one client keeps open for others; further ones are refused."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenSubscription:
    """Somebody who waits for updates."""

    stream: HandlerStream
    id: str
    name: str
    query: Any
    """The query's payload as its handler would get it."""


Where = Callable[[Any], bool]


class QueryUpdates:
    """All open subscriptions, by stream and id: what a lost stream brought is forgotten with it."""

    def __init__(self, answers: QueryAnswers) -> None:
        self._answers = answers
        self._open: dict[tuple[HandlerStream, str], OpenSubscription] = {}
        self._by_name: dict[str, dict[OpenSubscription, None]] = {}

    def subscribed(self, subscription: OpenSubscription) -> None:
        """Keep a subscription; one too many is answered by an error."""
        if (subscription.stream, subscription.id) in self._open:
            return  # told twice
        if len(self._open) < SUBSCRIPTIONS_MAX:
            self._open[subscription.stream, subscription.id] = subscription
            self._by_name.setdefault(subscription.name, {})[subscription] = None
        else:
            problem = Overloaded(f"this client keeps {SUBSCRIPTIONS_MAX} subscriptions at most")
            self.refuse(subscription.stream, subscription.id, problem)

    def unsubscribed(self, stream: HandlerStream, subscription_id: str) -> None:
        """Forget a subscription."""
        subscription = self._open.pop((stream, subscription_id), None)
        if subscription is not None:
            same_name = self._by_name[subscription.name]
            del same_name[subscription]
            if not same_name:
                del self._by_name[subscription.name]

    def stream_ended(self, stream: HandlerStream) -> None:
        """Forget all that came by a stream."""
        for key in [key for key in self._open if key[0] is stream]:
            self.unsubscribed(*key)

    def refuse(self, stream: HandlerStream, subscription_id: str, problem: Exception) -> None:
        """End a subscription by an error."""
        failure = self._answers.failure_of_updates(problem)
        stream.send(self._answers.for_subscription(subscription_id, complete_exceptionally=failure))

    def wanted(self, name: str, where: Where | None) -> list[OpenSubscription]:
        """Return the subscriptions to queries of this name whose payload `where` accepts."""
        return [each for each in self._by_name.get(name, ()) if where is None or where(each.query)]

    async def emit(
        self, name: str, value: Any, where: Where | None, metadata: MetadataMapping
    ) -> int:
        """Send an update; waits while a server has much to take; returns to how many it went."""
        wanted = self.wanted(name, where)
        update = self._answers.update(value, metadata) if wanted else None
        for each in wanted:
            while each.stream.queued_bytes > QUEUED_BYTES:
                await each.stream.changed.wait()
            each.stream.send(self._answers.for_subscription(each.id, update=update))
        return len(wanted)

    def complete(self, name: str, where: Where | None) -> int:
        """End the updates; returns of how many subscriptions."""
        wanted = self.wanted(name, where)
        for each in wanted:
            self.unsubscribed(each.stream, each.id)
            end = self._answers.end_of_updates()
            each.stream.send(self._answers.for_subscription(each.id, complete=end))
        return len(wanted)

    def complete_exceptionally(self, name: str, problem: Exception, where: Where | None) -> int:
        """End the updates by an error; returns of how many subscriptions."""
        wanted = self.wanted(name, where)
        for each in wanted:
            self.unsubscribed(each.stream, each.id)
            self.refuse(each.stream, each.id, problem)
        return len(wanted)
