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

    __slots__ = ("caller", "data", "initial_data", "query_id", "request", "state")

    def __init__(
        self, request: SubscriptionRequest, permits: Permits, caller: SubscriptionCaller
    ) -> None:
        self.request = request
        self.query_id = request.query_id
        self.data = request.data
        self.initial_data = b""
        """The latest request for an initial result, as it came."""
        self.caller = caller
        self.state = SubscriptionQuery(request.context, request.query_id, request.name, permits)


class SubscribingNode(Protocol):
    """Another node, for whose client one handler of this node was told of a subscription query."""

    def update(self, data: bytes) -> None:
        """Take an update as it came from the handler."""

    def initial_result(self, data: bytes, *, is_error: bool) -> None:
        """Take an initial result as it came."""

    def completed(self, data: bytes) -> None:
        """Be told that the handler has ended the updates, well or by an error; nothing follows."""

    def return_unsent(self) -> None:
        """Be told that the handler is not there to be told of anything; nothing follows."""

    def end(self, error: RanvierError | None = None) -> None:
        """Be told that the handler has gone, or what else ends it; nothing follows."""


class ForwardedSubscription:
    """A subscription query of another node's client at one handler; equal only to itself."""

    __slots__ = ("data", "node", "query_id")

    def __init__(self, query_id: str, data: bytes, node: SubscribingNode) -> None:
        self.query_id = query_id
        self.data = data
        """What the handler gets, as it came."""
        self.node = node
