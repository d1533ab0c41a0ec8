"""Queries whose handlers are connected to other nodes: both ends, without the way between them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ranvier.errors import RanvierError
from ranvier.messages.errors import DuplicateQuery, QueryHandlerLost, QueueFull
from ranvier.messages.handler import Handler
from ranvier.messages.permits import PERMITS_MAX, Permits
from ranvier.observability.operation import Operation
from ranvier.services.open_subscription import SubscriptionRequest
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.services.running_query import QueryHints
from ranvier.services.topology import Registration, Topology
from tests.support.query_links import HandlerLink, NotedCaller, handler_stream, question


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


# Where the caller is.


def test_a_handler_of_another_node_is_asked_without_permits_of_this_one() -> None:
    queries = Routed()
    stream, link = elsewhere(queries)
    for number in range(3):
        queries.dispatch.ask(question(f"q-{number}"), caller := NotedCaller())
    assert [query_id for query_id, _ in link.queries] == ["q-0", "q-1", "q-2"]
    queries.dispatch.result(stream, "q-2", b"answer", is_error=False)
    queries.dispatch.completed(stream, "q-2")
    assert (caller.results, caller.ends) == ([b"answer"], [None])


def test_a_handler_of_this_node_goes_first() -> None:
    queries = Routed()
    _, far = elsewhere(queries)
    _, near = handler_stream(queries, "Find")
    queries.dispatch.ask(question("q-1"), NotedCaller())
    assert (len(near.queries), len(far.queries)) == (1, 0)


def test_every_query_that_nobody_waits_for_is_cancelled_at_another_node() -> None:
    queries = Routed()
    stream, link = elsewhere(queries)
    running = queries.dispatch.ask(question("q-1"), NotedCaller())
    assert running is not None
    queries.dispatch.cancel(running)
    assert link.said == [("cancel", "q-1")]
    assert not stream.abandoned
    assert queries.dispatch.ask(question("q-1"), NotedCaller()) is not None


def test_a_query_whose_handler_had_left_goes_to_another_with_the_time_that_is_left() -> None:
    queries = Routed()
    first, _ = elsewhere(queries, 1)
    second, link = elsewhere(queries, 2, node="node-3")
    queries.dispatch.ask(question("q-1", hints=QueryHints(0, 5_000)), caller := NotedCaller())
    queries.seconds += 2
    queries.dispatch.returned_unsent(first, "q-1")
    assert link.queries == [("q-1", 3_000)]
    queries.dispatch.completed(second, "q-1")
    assert caller.ends == [None]
    queries.dispatch.returned_unsent(second, "q-1")
    assert len(caller.ends) == 1


def test_axoniq_5000_after_three_handlers_that_had_left() -> None:
    queries = Routed()
    streams = [elsewhere(queries, number, node=f"node-{number}")[0] for number in range(2, 8)]
    queries.dispatch.ask(question("q-1"), caller := NotedCaller())
    asked = 0
    while not caller.ends:
        (holder,) = [each for each in streams if "q-1" in each.in_flight]
        asked += 1
        queries.dispatch.returned_unsent(holder, "q-1")
    assert (asked, caller.codes) == (4, ["AXONIQ-5000"])


def test_axoniq_5000_where_the_only_handler_had_left() -> None:
    queries = Routed()
    stream, _ = elsewhere(queries)
    queries.dispatch.ask(question("q-1"), caller := NotedCaller())
    queries.dispatch.returned_unsent(stream, "q-1")
    assert (caller.codes, caller.ends) == (["AXONIQ-5000"], [None])


def test_what_another_node_says_of_a_query_is_told_once() -> None:
    queries = Routed()
    stream, _ = elsewhere(queries)
    queries.dispatch.ask(question("q-1"), caller := NotedCaller())
    queries.dispatch.failed(stream, "q-1", QueueFull(10))
    queries.dispatch.failed(stream, "q-1", QueueFull(10))
    assert (caller.codes, caller.ends) == (["AXONIQ-1900"], [None])


def test_axoniq_4001_at_once_when_the_node_of_a_handler_is_lost() -> None:
    queries = Routed()
    stream, _ = elsewhere(queries)
    queries.dispatch.ask(question("q-1"), caller := NotedCaller())
    queries.handlers.closed_elsewhere(stream)
    queries.handlers.closed_elsewhere(stream)
    assert caller.codes == ["AXONIQ-4001"]
    queries.dispatch.ask(question("q-2"), after := NotedCaller())
    assert after.codes == ["AXONIQ-5000"]
    assert queries.topology.registrations() == []


def test_what_a_handler_was_asked_before_it_withdrew_it_still_answers() -> None:
    queries = Routed()
    stream, _ = elsewhere(queries)
    queries.dispatch.ask(question("q-1"), caller := NotedCaller())
    queries.handlers.withdrawn_elsewhere(stream, "Find")
    queries.handlers.withdrawn_elsewhere(stream, "Find")
    queries.dispatch.ask(question("q-2"), after := NotedCaller())
    assert after.codes == ["AXONIQ-5000"]
    queries.dispatch.result(stream, "q-1", b"late", is_error=False)
    queries.dispatch.completed(stream, "q-1")
    assert (caller.results, caller.ends) == ([b"late"], [None])


def test_new_particulars_of_a_registration_are_shown() -> None:
    queries = Routed()
    stream, _ = elsewhere(queries)
    assert stream.handler is not None
    queries.handlers.offered_elsewhere(stream, registered(stream.handler, "Order"))
    (shown,) = queries.topology.registrations("default")
    assert (shown.node, shown.result_names) == ("node-2", ("Order",))


# Where the handler is.


def test_a_served_query_waits_for_the_permits_of_its_handler() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find", permits=0)
    node = NotedNode()
    assert queries.dispatch.serve(question("q-1"), stream_id_of(stream), node) is not None
    assert link.queries == []
    queries.seconds += 1
    queries.dispatch.granted(stream, 1)
    assert link.queries == [("q-1", 4_000)]
    queries.dispatch.result(stream, "q-1", b"answer", is_error=False)
    queries.dispatch.completed(stream, "q-1")
    assert (node.results, node.ends, node.returned) == ([b"answer"], [None], 0)
    assert "default" not in str(list(queries.operation.collect()))


@pytest.mark.parametrize("name", ["Find", "Other"])
def test_a_query_for_a_stream_that_has_gone_or_left_the_name_is_returned(name: str) -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find")
    stream_id = stream_id_of(stream)
    if name == "Find":
        queries.handlers.closed(stream)
    node = NotedNode()
    assert queries.dispatch.serve(question("q-1", name), stream_id, node) is None
    assert (node.returned, node.ends, link.queries) == (1, [], [])


def test_a_query_that_waits_is_returned_when_its_handler_leaves() -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find", permits=1)
    stream_id = stream_id_of(stream)
    sent, waiting = NotedNode(), NotedNode()
    queries.dispatch.serve(question("q-1"), stream_id, sent)
    queries.dispatch.serve(question("q-2"), stream_id, waiting)
    other, other_link = handler_stream(queries, "Find")
    queries.handlers.closed(stream)
    assert (sent.codes, sent.ends, sent.returned) == (["AXONIQ-4001"], [None], 0)
    assert (waiting.results, waiting.ends, waiting.returned) == ([], [], 1)
    assert (other_link.queries, queries.dispatch.running_count) == ([], 0)
    assert not other.in_flight


def test_axoniq_5007_keeps_ids_of_two_nodes_apart_on_one_stream() -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find", permits=1)
    stream_id = stream_id_of(stream)
    queries.dispatch.ask(question("q-1"), own := NotedCaller())
    queries.dispatch.serve(question("q-1"), stream_id, other := NotedNode())
    assert other.codes == ["AXONIQ-5007"]
    queries.dispatch.serve(question("q-2"), stream_id, waiting := NotedNode())
    queries.dispatch.serve(question("q-2"), stream_id, second := NotedNode())
    assert (waiting.codes, second.codes) == ([], ["AXONIQ-5007"])
    queries.dispatch.result(stream, "q-1", b"own", is_error=False)
    queries.dispatch.completed(stream, "q-1")
    assert own.results == [b"own"]


def test_axoniq_5007_refuses_an_own_query_whose_id_another_node_has_there() -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find")
    queries.dispatch.serve(question("q-1"), stream_id_of(stream), NotedNode())
    queries.dispatch.ask(question("q-1"), caller := NotedCaller())
    assert caller.codes == ["AXONIQ-5007"]


def test_axoniq_1900_bounds_the_bytes_of_served_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranvier.services.dispatch_queries.RUNNING_BYTES_MAX", 0)
    queries = Routed()
    stream, _ = handler_stream(queries, "Find")
    queries.dispatch.serve(question("q-1"), stream_id_of(stream), node := NotedNode())
    assert (node.codes, node.ends) == (["AXONIQ-1900"], [None])


def test_demand_and_cancel_reach_the_handler_of_a_served_query() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find")
    asked = question("q-1", is_streaming=True)
    running = queries.dispatch.serve(asked, stream_id_of(stream), NotedNode())
    assert running is not None
    queries.dispatch.demand(running, 7)
    queries.dispatch.cancel(running)
    assert link.said == [("demand 7", "q-1"), ("cancel", "q-1")]


# Subscription queries, where the caller is.


def opened(queries: RouteQueries, query_id: str = "q-1") -> NotedCaller:
    granted, caller = Permits(), NotedCaller()
    granted.grant(PERMITS_MAX)
    request = SubscriptionRequest("default", query_id, "Find", "desk", b"query", dict)
    subscription = queries.subscriptions.subscribe(request, granted, caller)
    queries.subscriptions.ask_initial(subscription, b"first")
    return caller


def test_every_handler_everywhere_is_told_and_one_of_each_component_asked() -> None:
    queries = Routed()
    _, near = handler_stream(queries, "Find")
    far_stream, far = elsewhere(queries)
    _, other = elsewhere(queries, 2, component="store")
    caller = opened(queries)
    assert near.said == other.said == [("subscribe", "query"), ("initial", "first")]
    assert far.said == [("subscribe", "query")]
    queries.subscriptions.update(far_stream, "q-1", b"news")
    assert caller.results == [b"news"]


def test_a_handler_that_had_left_leaves_the_initial_result_to_another() -> None:
    queries = Routed()
    first, _ = elsewhere(queries, 1)
    second, link = elsewhere(queries, 2)
    caller = opened(queries)
    queries.subscriptions.gone(first, "q-1", was_told=False)
    assert link.said == [("subscribe", "query"), ("initial", "first")]
    queries.subscriptions.gone(second, "q-1", was_told=True)
    (error,) = caller.initial
    assert isinstance(error, QueryHandlerLost)
    queries.subscriptions.gone(second, "q-2", was_told=True)
    assert caller.ends == []


def test_a_handler_that_is_not_heard_any_more_is_told_to_stop() -> None:
    queries = Routed()
    stream, link = elsewhere(queries)
    opened(queries)
    queries.subscriptions.gone(stream, "q-1", was_told=True)
    queries.subscriptions.update(stream, "q-1", b"late")
    assert link.said[-1] == ("unsubscribe", "q-1")


def test_what_another_node_cannot_keep_up_ends_the_subscription() -> None:
    queries = Routed()
    stream, _ = elsewhere(queries)
    caller = opened(queries)
    queries.subscriptions.failed(stream, "q-1", QueueFull(1))
    queries.subscriptions.failed(stream, "q-1", QueueFull(1))
    assert [type(end) for end in caller.ends] == [QueueFull]


# Subscription queries, where the handler is.


def test_a_forwarded_subscription_goes_to_its_handler_and_back() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find")
    node = SubscribedNode()
    told = queries.forwarded.open(stream_id_of(stream), "q-1", b"query", node)
    assert told is not None
    told.ask_initial(b"first")
    assert link.said == [("subscribe", "query"), ("initial", "first")]
    queries.subscriptions.initial_result(stream, "q-1", b"now", is_error=False)
    queries.subscriptions.update(stream, "q-1", b"news")
    queries.subscriptions.completed(stream, "q-1", b"bye")
    assert node.said == [("initial", "now"), ("update", "news"), ("completed", "bye")]
    told.close()
    told.ask_initial(b"again")
    assert (link.said[2:], queries.forwarded.open_count) == ([], 0)


def test_a_forwarded_subscription_is_ended_at_its_handler() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find")
    node = SubscribedNode()
    told = queries.forwarded.open(stream_id_of(stream), "q-1", b"query", node)
    assert told is not None
    told.close()
    told.close()
    assert link.said == [("subscribe", "query"), ("unsubscribe", "q-1")]
    queries.subscriptions.update(stream, "q-1", b"late")
    assert (node.said, link.said[2:]) == ([], [("unsubscribe", "q-1")])


def test_a_handler_that_does_not_read_is_told_later_or_never() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find")
    link.has_room = False
    opened_both = [
        queries.forwarded.open(stream_id_of(stream), query_id, b"query", SubscribedNode())
        for query_id in ("q-1", "q-2", "q-3")
    ]
    first, second, _ = opened_both
    assert first is not None
    assert second is not None
    first.close()
    second.ask_initial(b"first")
    assert link.said == [("subscribe", "query"), ("initial", "first")]
    link.has_room = True
    queries.subscriptions.send_untold(stream)
    assert link.said[2:] == [("subscribe", "query")]


def test_a_handler_that_leaves_ends_what_was_forwarded_to_it() -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find")
    stream_id = stream_id_of(stream)
    node, late = SubscribedNode(), SubscribedNode()
    told = queries.forwarded.open(stream_id, "q-1", b"query", node)
    queries.handlers.closed(stream)
    assert told is not None
    told.close()
    assert queries.forwarded.open(stream_id, "q-2", b"query", late) is None
    assert (node.ends, late.returned, queries.forwarded.open_count) == ([None], 1, 0)


def test_axoniq_5007_and_1900_refuse_a_forwarded_subscription(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find")
    stream_id = stream_id_of(stream)
    opened(queries, "own")
    with pytest.raises(DuplicateQuery):
        queries.forwarded.open(stream_id, "own", b"query", SubscribedNode())
    queries.forwarded.open(stream_id, "theirs", b"query", SubscribedNode())
    with pytest.raises(DuplicateQuery):
        queries.forwarded.open(stream_id, "theirs", b"query", SubscribedNode())
    with pytest.raises(DuplicateQuery):
        opened(queries, "theirs")
    monkeypatch.setattr("ranvier.services.forwarded_subscriptions.FORWARDED_MAX", 1)
    with pytest.raises(RanvierError) as refusal:
        queries.forwarded.open(stream_id, "q-3", b"query", SubscribedNode())
    assert refusal.value.code == "AXONIQ-1900"


async def test_a_node_that_stops_ends_what_was_forwarded_to_it_and_serves_no_more() -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find")
    stream_id = stream_id_of(stream)
    node = SubscribedNode()
    queries.forwarded.open(stream_id, "q-1", b"query", node)
    await queries.forwarded.stop()
    await queries.dispatch.stop()
    assert node.ends == [None]
    with pytest.raises(RanvierError):
        queries.forwarded.open(stream_id, "q-2", b"query", SubscribedNode())
    asking = NotedNode()
    assert queries.dispatch.serve(question("q-1"), stream_id, asking) is None
    assert asking.returned == 1
