"""One stream on which a client offers to answer queries, as the services see it.

The stream of a client of another node looks the same: its link is the way to that node, which
keeps the client's permits and what waits for them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Protocol

from ranvier.errors import RanvierError
from ranvier.messages.handler import Handler
from ranvier.messages.mailbox import Mailbox
from ranvier.messages.permits import PERMITS_MAX, Permits
from ranvier.services.open_subscription import ForwardedSubscription, OpenSubscription
from ranvier.services.running_query import AskedQuery, RunningQuery

ABANDONED_MAX: Final = 10_000
"""Ids of one stream's queries that nobody waits for any more and it may still answer."""


class QueryHandlerLink(Protocol):
    """The way to the client; nothing but `send_query` takes a permit."""

    @property
    def has_room(self) -> bool:
        """Whether the client reads what it is sent; otherwise it is told by `writable`."""

    def send_query(self, query: AskedQuery, time_left_ms: int | None) -> None:
        """Send a query; `time_left_ms` is given where it has waited, and goes with it."""

    def send_cancel(self, query_id: str) -> None:
        """Say that nobody wants the answer any more."""

    def send_demand(self, query_id: str, count: int) -> None:
        """Say that so many further results are wanted."""

    def send_subscribe(self, query_id: str, data: bytes) -> None:
        """Open a subscription query at the client."""

    def send_initial_request(self, query_id: str, data: bytes) -> None:
        """Ask for the initial result of a subscription query."""

    def send_unsubscribe(self, query_id: str) -> None:
        """End a subscription query at the client."""

    def close(self, error: RanvierError | None) -> None:
        """End the stream and tell why."""


class QueryStream:
    """What is under way on one handler's stream."""

    __slots__ = (
        "abandoned",
        "context",
        "forwarded",
        "handler",
        "in_flight",
        "is_remote",
        "link",
        "mailbox",
        "permits",
        "untold",
    )

    def __init__(self, context: str, link: QueryHandlerLink, *, is_remote: bool = False) -> None:
        self.context = context
        self.link = link
        self.is_remote = is_remote
        """The client is connected to another node."""
        self.handler: Handler | None = None
        """Known from the first subscription on."""
        self.permits = Permits()
        if is_remote:
            self.permits.grant(PERMITS_MAX)
        self.mailbox: Mailbox[str, RunningQuery] = Mailbox()
        """Queries that wait for permits, by their ids."""
        self.in_flight: dict[str, RunningQuery] = {}
        """Queries that were sent and are not completed, by their ids."""
        self.abandoned: OrderedDict[str, None] = OrderedDict()
        """Ids that were sent, for which nobody waits, and that are not completed; oldest first."""
        self.untold: dict[OpenSubscription | ForwardedSubscription, None] = {}
        """Subscription queries that wait for the client to read, in the order of coming."""
        self.forwarded: dict[str, ForwardedSubscription] = {}
        """Subscription queries of other nodes' clients, by their ids."""

    @property
    def may_send(self) -> bool:
        """Whether a query may be sent now."""
        return bool(self.permits.available) and self.link.has_room

    def abandon(self, query_id: str) -> bool:
        """Forget a query that was sent and nobody waits for; False if it was not sent.

        Its id is taken on this stream until the handler completes it: a late result must not pass
        for the answer to another query. Toward another node each query has a call of its own.
        """
        if self.in_flight.pop(query_id, None) is None:
            return False
        if self.is_remote:
            return True
        self.abandoned[query_id] = None
        if len(self.abandoned) > ABANDONED_MAX:
            self.abandoned.popitem(last=False)
        return True
