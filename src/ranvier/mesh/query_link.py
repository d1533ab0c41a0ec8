"""The way from this node to one query handler of another node: a call for each query."""

from __future__ import annotations

from typing import Final

from ranvier.errors import RanvierError
from ranvier.mesh.asked_elsewhere import AskedElsewhere
from ranvier.mesh.own_node import MESH_PREFIX
from ranvier.mesh.peer_link import PeerLink
from ranvier.mesh.subscribed_elsewhere import SubscribedElsewhere
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.services.running_query import AskedQuery

QUERY_PATH: Final = f"{MESH_PREFIX}Query"
SUBSCRIPTION_PATH: Final = f"{MESH_PREFIX}SubscriptionQuery"

UINT32_MAX: Final = 2**32 - 1
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


class QueryLink:
    """Sends what the services have for one handler, and holds the calls that have not ended."""

    def __init__(self, link: PeerLink, queries: RouteQueries, stream_id: str) -> None:
        self.queries = queries
        self.stream: QueryStream | None = None
        """What the services know the handler by; set before anything is sent."""
        self.peer = link
        self._stream_id = stream_id
        self._asked: dict[str, AskedElsewhere] = {}
        self._subscribed: dict[str, SubscribedElsewhere] = {}

    @property
    def is_idle(self) -> bool:
        """Whether no call is under way."""
        return not (self._asked or self._subscribed)

    # What the services send.

    @property
    def has_room(self) -> bool:
        """True: what waits for a handler waits at its own node."""
        return True

    def send_query(self, query: AskedQuery, time_left_ms: int | None) -> None:
        """Open a call for a query."""
        hints = query.hints()
        left = hints.timeout_ms if time_left_ms is None else time_left_ms
        ask = mesh_pb2.QueryForHandler(
            stream_id=self._stream_id,
            context=query.context,
            query_id=query.query_id,
            name=query.name,
            is_streaming=query.is_streaming,
            priority=min(max(hints.priority, INT32_MIN), INT32_MAX),
            time_left_ms=min(max(left, 0), UINT32_MAX),
            query=query.data,
        )
        asked = AskedElsewhere(self, query.query_id)
        self._asked[query.query_id] = asked
        asked.call = self.peer.channel.open(QUERY_PATH, asked)
        message = mesh_pb2.QueryCall(ask=ask).SerializeToString()
        asked.call.send(message, is_last=not query.is_streaming)

    def send_cancel(self, query_id: str) -> None:
        """End the call of a query: nobody wants the answer any more."""
        asked = self._asked.pop(query_id, None)
        if asked is not None:
            asked.cancel()

    def send_demand(self, query_id: str, count: int) -> None:
        """Say that so many further results are wanted."""
        asked = self._asked.get(query_id)
        if asked is not None and asked.call is not None:
            asked.call.send(mesh_pb2.QueryCall(demand=count).SerializeToString())

    def send_subscribe(self, query_id: str, data: bytes) -> None:
        """Open a call for a subscription query."""
        subscribed = SubscribedElsewhere(self, query_id)
        self._subscribed[query_id] = subscribed
        subscribed.call = self.peer.channel.open(SUBSCRIPTION_PATH, subscribed)
        subscribe = mesh_pb2.SubscriptionForHandler(
            stream_id=self._stream_id, query_id=query_id, subscription=data
        )
        request = mesh_pb2.SubscriptionCall(subscribe=subscribe)
        subscribed.call.send(request.SerializeToString())

    def send_initial_request(self, query_id: str, data: bytes) -> None:
        """Ask for the initial result of a subscription query."""
        subscribed = self._subscribed.get(query_id)
        if subscribed is not None and subscribed.call is not None:
            request = mesh_pb2.SubscriptionCall(initial=data)
            subscribed.call.send(request.SerializeToString())

    def send_unsubscribe(self, query_id: str) -> None:
        """End the call of a subscription query."""
        subscribed = self._subscribed.pop(query_id, None)
        if subscribed is not None:
            subscribed.cancel()

    def close(self, error: RanvierError | None) -> None:
        """Do nothing: the handler's stream is not this node's to end."""

    # What the calls tell.

    def ended(self, query_id: str, call: AskedElsewhere) -> bool:
        """Forget the call of a query; False if nobody waits for what it tells."""
        if self._asked.get(query_id) is not call:
            return False
        del self._asked[query_id]
        return True

    def subscription_ended(self, query_id: str, call: SubscribedElsewhere) -> bool:
        """Forget the call of a subscription query; False if nobody waits for what it tells."""
        if self._subscribed.get(query_id) is not call:
            return False
        del self._subscribed[query_id]
        return True

    @property
    def is_crowded(self) -> bool:
        """Whether the other node takes no more calls now, although it is there."""
        return self.peer.is_up and self.peer.channel.takes_calls
