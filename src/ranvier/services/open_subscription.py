"""A subscription query that is open: what was asked, its state, and who gets what comes of it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ranvier.errors import RanvierError
from ranvier.messages.permits import Permits
from ranvier.messages.query_fan_in import QueryResult
from ranvier.messages.query_routing import Metadata
from ranvier.messages.subscription_query import SubscriptionQuery


class SubscriptionRequest(NamedTuple):
    """What a caller subscribes to; `data` is what its handlers get, as it came."""

    context: str
    query_id: str
    name: str
    component_name: str
    """Of the caller: its application."""
    data: bytes
    metadata: Metadata


class SubscriptionCaller(Protocol):
    """Who gets the initial result and the updates of one subscription query."""

    @property
    def has_room(self) -> bool:
        """Whether the caller reads what it is sent."""

    def send(self, data: bytes) -> None:
        """Pass on an update or an ending as it came from a handler."""

    def send_initial(self, query_id: str, result: QueryResult) -> None:
        """Pass on the initial result as it came, or tell of the node's error in its place."""

    def end(self, error: RanvierError | None = None) -> None:
        """Be told that nothing more comes."""


class OpenSubscription:
    """One subscription query with its caller; equal only to itself."""

    __slots__ = ("caller", "request", "state")

    def __init__(
        self, request: SubscriptionRequest, permits: Permits, caller: SubscriptionCaller
    ) -> None:
        self.request = request
        self.caller = caller
        self.state = SubscriptionQuery(request.context, request.query_id, request.name, permits)
