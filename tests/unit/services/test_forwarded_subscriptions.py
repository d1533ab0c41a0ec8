"""Subscription queries whose callers and handlers are at different nodes; no way between."""

from __future__ import annotations

import pytest

from ranvier.errors import RanvierError
from ranvier.messages.errors import DuplicateQuery, QueryHandlerLost, QueueFull
from ranvier.messages.permits import PERMITS_MAX, Permits
from ranvier.services.open_subscription import SubscriptionRequest
from ranvier.services.route_queries import RouteQueries
from tests.support.query_links import NotedCaller, handler_stream, question
from tests.support.query_nodes import NotedNode, Routed, SubscribedNode, elsewhere, stream_id_of

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


def test_the_call_to_a_handler_that_withdrew_ends_with_what_it_owes() -> None:
    queries = Routed()
    owing, owing_link = elsewhere(queries, 1)
    other, other_link = elsewhere(queries, 2)
    caller = opened(queries)
    for stream in (owing, other):
        queries.handlers.withdrawn_elsewhere(stream, "Find")
    assert owing_link.said == [("subscribe", "query"), ("initial", "first")]
    assert other_link.said == [("subscribe", "query"), ("unsubscribe", "q-1")]
    queries.subscriptions.initial_result(owing, "q-1", b"owed", is_error=False)
    assert (caller.initial, owing_link.said[2:]) == ([b"owed"], [("unsubscribe", "q-1")])


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
