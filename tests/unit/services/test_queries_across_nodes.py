"""Queries whose handlers are connected to other nodes: both ends, without the way between them."""

from __future__ import annotations

import pytest

from ranvier.messages.errors import QueueFull
from ranvier.services.running_query import QueryHints
from tests.support.query_links import NotedCaller, handler_stream, question
from tests.support.query_nodes import NotedNode, Routed, elsewhere, registered, stream_id_of

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
