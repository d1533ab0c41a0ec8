"""Nodes that ask, and handlers of other nodes, without bytes or sockets."""

from __future__ import annotations

from dataclasses import dataclass, field

from ranvier.errors import RanvierError
from ranvier.messages.handler import Handler
from ranvier.observability.operation import Operation
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.services.topology import Registration, Topology
from tests.support.query_links import HandlerLink, NotedCaller


class Routed(RouteQueries):
    """Queries on a clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.operation = Operation("axon.queries", "Queries")
        self.topology = Topology()
        super().__init__(
            self.topology, lambda context, client: {}, lambda: self.seconds, self.operation
        )


@dataclass
class NotedNode(NotedCaller):
    """A node that asks; notes what it is told."""

    returned: int = 0

    def return_unsent(self) -> None:
        self.returned += 1


@dataclass
class SubscribedNode:
    """A node whose client subscribes; notes what it is told."""

    said: list[tuple[str, str]] = field(default_factory=list)
    ends: list[RanvierError | None] = field(default_factory=list)
    returned: int = 0

    def update(self, data: bytes) -> None:
        self.said.append(("update", data.decode()))

    def initial_result(self, data: bytes, *, is_error: bool) -> None:
        self.said.append(("error" if is_error else "initial", data.decode()))

    def completed(self, data: bytes) -> None:
        self.said.append(("completed", data.decode()))

    def return_unsent(self) -> None:
        self.returned += 1

    def end(self, error: RanvierError | None = None) -> None:
        self.ends.append(error)


def elsewhere(
    queries: RouteQueries, number: int = 1, *, node: str = "node-2", component: str = "shop"
) -> tuple[QueryStream, HandlerLink]:
    """Let a stream of another node handle `Find`."""
    link = HandlerLink()
    handler = Handler("default", f"far-{number}", f"far-{number}.query.1", component, {}, node)
    stream = queries.handlers.opened_elsewhere(handler, link)
    queries.handlers.offered_elsewhere(stream, registered(handler))
    return stream, link


def registered(handler: Handler, *results: str) -> Registration:
    return Registration(
        "query",
        handler.context,
        "Find",
        handler.client_id,
        handler.stream_id,
        handler.component_name,
        result_names=results,
        node=handler.node,
    )


def stream_id_of(stream: QueryStream) -> str:
    assert stream.handler is not None
    return stream.handler.stream_id
