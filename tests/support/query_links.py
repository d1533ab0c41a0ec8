"""Handlers and callers of queries without bytes or sockets, for the tests of services."""

from __future__ import annotations

from dataclasses import dataclass, field

from ranvier.errors import RanvierError
from ranvier.messages.query_fan_in import QueryResult
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.services.running_query import AskedQuery, QueryHints


@dataclass(eq=False)
class HandlerLink:
    """Notes what is sent; has room until a test says otherwise."""

    has_room: bool = True
    queries: list[tuple[str, int | None]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    closed_by: list[RanvierError | None] = field(default_factory=list)

    def send_query(self, query: AskedQuery, time_left_ms: int | None) -> None:
        self.queries.append((query.query_id, time_left_ms))

    def send_cancel(self, query_id: str) -> None:
        self.said.append(("cancel", query_id))

    def send_demand(self, query_id: str, count: int) -> None:
        self.said.append((f"demand {count}", query_id))

    def send_subscribe(self, query_id: str, data: bytes) -> None:
        self.said.append(("subscribe", data.decode()))

    def send_initial_request(self, query_id: str, data: bytes) -> None:
        self.said.append(("initial", data.decode()))

    def send_unsubscribe(self, query_id: str) -> None:
        self.said.append(("unsubscribe", query_id))

    def close(self, error: RanvierError | None) -> None:
        self.closed_by.append(error)


@dataclass(eq=False)
class NotedCaller:
    """Notes what it is told, of a query or of a subscription query."""

    has_room: bool = True
    results: list[QueryResult] = field(default_factory=list)
    initial: list[QueryResult] = field(default_factory=list)
    ends: list[RanvierError | None] = field(default_factory=list)

    def take(self, result: QueryResult) -> None:
        assert not self.ends, "nothing may come after the end"
        self.results.append(result)

    def send(self, data: bytes) -> None:
        self.take(data)

    def send_initial(self, query_id: str, result: QueryResult) -> None:
        assert not self.ends, "nothing may come after the end"
        self.initial.append(result)

    def end(self, error: RanvierError | None = None) -> None:
        self.ends.append(error)

    @property
    def codes(self) -> list[str]:
        """The codes of the node's errors among the results."""
        return [each.code for each in self.results if isinstance(each, RanvierError)]


def handler_stream(
    queries: RouteQueries, *names: str, component: str = "shop", permits: int = 1_000
) -> tuple[QueryStream, HandlerLink]:
    """Open a handler's stream that handles these names."""
    link = HandlerLink()
    stream = queries.handlers.opened("default", link)
    if permits:
        queries.dispatch.granted(stream, permits)
    for name in names:
        queries.handlers.subscribe(stream, name, (f"client-{component}", component), "Order")
    return stream, link


def question(
    query_id: str,
    name: str = "Find",
    *,
    data: bytes = b"?",
    hints: QueryHints | None = None,
    is_streaming: bool = False,
) -> AskedQuery:
    """Return a query."""
    return AskedQuery(
        "default", query_id, name, data, dict, lambda: hints or QueryHints(), is_streaming
    )
