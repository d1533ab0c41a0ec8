"""Subscription queries: bounds, callers that do not read, handlers that come and go."""

from __future__ import annotations

import pytest

from ranvier.errors import RanvierError
from ranvier.messages.errors import DuplicateQuery, NoQueryHandler, TooManySubscriptionQueries
from ranvier.messages.permits import PERMITS_MAX, Permits
from ranvier.services.open_subscription import OpenSubscription, SubscriptionRequest
from ranvier.services.route_queries import RouteQueries
from ranvier.services.topology import Topology
from tests.support.query_links import NotedCaller, handler_stream


@pytest.fixture
def queries() -> RouteQueries:
    return RouteQueries(Topology(), lambda context, client: {}, lambda: 1000.0)


def opened(
    queries: RouteQueries, query_id: str = "q-1", *, permits: int = PERMITS_MAX
) -> tuple[OpenSubscription, NotedCaller]:
    granted, caller = Permits(), NotedCaller()
    if permits:
        granted.grant(permits)
    request = SubscriptionRequest("default", query_id, "Find", "desk", query_id.encode(), dict)
    return queries.subscriptions.subscribe(request, granted, caller), caller


def codes(caller: NotedCaller) -> list[str]:
    return [end.code for end in caller.ends if isinstance(end, RanvierError)]


def test_axoniq_5000_5007_and_1900_refuse_a_subscription(
    queries: RouteQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoQueryHandler):
        opened(queries)
    handler_stream(queries, "Find")
    opened(queries)
    with pytest.raises(DuplicateQuery):
        opened(queries)
    monkeypatch.setattr("ranvier.services.subscription_queries.SUBSCRIPTION_QUERIES_MAX", 1)
    with pytest.raises(TooManySubscriptionQueries):
        opened(queries, "q-2")
    assert queries.subscriptions.open_count == 1


def test_axoniq_1900_refuses_a_subscription_beyond_the_bytes_of_all_that_are_open(
    queries: RouteQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ranvier.services.subscription_queries.REQUEST_BYTES_MAX", 2 * len("q-1"))
    handler_stream(queries, "Find")
    first, _ = opened(queries, "q-1")
    opened(queries, "q-2")
    with pytest.raises(TooManySubscriptionQueries, match="bytes"):
        opened(queries, "q-3")
    queries.subscriptions.close(first)
    opened(queries, "q-3")


def test_updates_for_a_caller_that_does_not_read_wait_until_it_does(
    queries: RouteQueries,
) -> None:
    stream, _ = handler_stream(queries, "Find")
    subscription, caller = opened(queries)
    caller.has_room = False
    for data in (b"one", b"two"):
        queries.subscriptions.update(stream, "q-1", data)
    assert (caller.results, queries.subscriptions.waiting_bytes) == ([], 6)
    caller.has_room = True
    queries.subscriptions.send_waiting(subscription)
    assert (caller.results, queries.subscriptions.waiting_bytes) == ([b"one", b"two"], 0)


def test_axoniq_1900_ends_whoever_exceeds_what_waits_for_all(
    queries: RouteQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ranvier.services.subscription_queries.UPDATE_BYTES_MAX", 10)
    stream, link = handler_stream(queries, "Find")
    _, first = opened(queries, "q-1", permits=0)
    _, second = opened(queries, "q-2", permits=0)
    _, reading = opened(queries, "q-3")
    queries.subscriptions.update(stream, "q-1", bytes(8))
    queries.subscriptions.update(stream, "q-2", bytes(8))
    queries.subscriptions.update(stream, "q-3", bytes(8))
    assert (codes(first), codes(second), codes(reading)) == ([], ["AXONIQ-1900"], [])
    assert reading.results == [bytes(8)]
    assert link.said[3:] == [("unsubscribe", "q-2")]
    assert queries.subscriptions.waiting_bytes == 8


def test_a_handler_that_does_not_read_is_told_when_it_does(queries: RouteQueries) -> None:
    stream, link = handler_stream(queries, "Find")
    link.has_room = False
    opened(queries, "q-1")
    gone, _ = opened(queries, "q-2")
    queries.subscriptions.close(gone)
    assert (link.said, len(stream.untold)) == ([], 1)
    link.has_room = True
    queries.subscriptions.send_untold(stream)
    assert link.said == [("subscribe", "q-1")]


def test_the_initial_request_never_overtakes_the_subscription(queries: RouteQueries) -> None:
    _, link = handler_stream(queries, "Find")
    link.has_room = False
    subscription, _ = opened(queries)
    queries.subscriptions.ask_initial(subscription, b"initial")
    queries.subscriptions.ask_initial(subscription, b"again, while it is due")
    assert link.said == [("subscribe", "q-1"), ("initial", "initial")]


def test_the_end_of_a_context_ends_its_subscriptions_alone(queries: RouteQueries) -> None:
    handler_stream(queries, "Find")
    _, caller = opened(queries)
    queries.end_context("other")
    assert caller.ends == []
    queries.end_context("default")
    assert codes(caller) == ["AXONIQ-1302"]
    assert queries.subscriptions.open_count == 0


def test_applications_beyond_the_bound_are_not_counted(
    queries: RouteQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ranvier.services.count_subscriptions.COMPONENTS_COUNTED_MAX", 0)
    handler_stream(queries, "Find")
    subscription, _ = opened(queries)
    assert queries.subscriptions.counts("default", "desk").total == 0
    queries.subscriptions.close(subscription)
    assert queries.subscriptions.counts_by_context(lambda counts: counts.total) == {}
