"""The state of one subscription query: permits, order, initial result, end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.errors import QueryHandlerLost, QueryTimedOut, UpdatesNotTaken
from ranvier.messages.permits import Permits
from ranvier.messages.subscription_query import (
    UPDATE_BYTES_WAITING_MAX,
    UPDATES_WAITING_MAX,
    SubscriptionQuery,
)
from tests.support.message_handlers import handler

A, B = handler("a"), handler("b")
LOST = QueryHandlerLost("a")


def opened(permits: int = 0) -> SubscriptionQuery:
    granted = Permits()
    if permits:
        granted.grant(permits)
    query = SubscriptionQuery("default", "q-1", "Orders", granted)
    query.join(A)
    query.join(B)
    return query


def updates(query: SubscriptionQuery) -> list[bytes]:
    found = []
    while (data := query.next_update()) is not None:
        found.append(data)
    return found


def test_updates_wait_for_permits_in_their_order() -> None:
    query = opened(permits=2)
    for data in (b"1", b"22", b"333"):
        query.update(data)
    assert updates(query) == [b"1", b"22"]
    assert (query.waiting_count, query.waiting_bytes) == (1, 3)
    query.permits.grant(1)
    assert updates(query) == [b"333"]
    assert (query.waiting_count, query.waiting_bytes) == (0, 0)


def test_no_more_than_so_many_updates_wait() -> None:
    query = opened()
    for _ in range(UPDATES_WAITING_MAX):
        query.update(b"")
    with pytest.raises(UpdatesNotTaken) as refused:
        query.update(b"")
    assert refused.value.code == "AXONIQ-1900"


def test_no_more_than_so_many_bytes_wait_but_one_update_of_any_length() -> None:
    query = opened(permits=1)
    query.update(b"x" * (UPDATE_BYTES_WAITING_MAX + 1))
    with pytest.raises(UpdatesNotTaken):
        query.update(b"x")
    updates(query)
    query.update(b"x")
    assert query.waiting_bytes == 1


def test_a_handler_joins_once_and_is_heard_until_it_leaves() -> None:
    query = opened()
    assert query.handlers == (A, B)
    assert not query.join(A)
    query.leave(A)
    query.leave(A)
    assert (query.hears(A), query.hears(B)) == (False, True)
    assert query.join(A)


def test_complete_comes_after_the_updates_that_wait() -> None:
    query = opened()
    query.update(b"last")
    assert query.complete(A, b"end") == (B,)
    assert not query.takes_updates
    assert not query.join(handler("c"))
    assert query.next_ending() is None
    query.permits.grant(1)
    assert updates(query) == [b"last"]
    assert not query.is_closed
    assert query.next_ending() == b"end"
    assert query.is_closed


def test_complete_waits_for_the_initial_result_that_is_due() -> None:
    query = opened()
    query.ask_initial([A])
    query.complete(A, b"end")
    assert query.next_ending() is None
    assert query.initial_result(A, b"initial", is_error=False) == b"initial"
    assert query.next_ending() == b"end"


def test_closed_it_tells_its_handlers_and_forgets_all() -> None:
    query = opened()
    query.update(b"unread")
    query.ask_initial([A])
    assert query.close() == (A, B)
    assert (query.waiting_bytes, query.handlers, query.next_update()) == (0, (), None)
    assert not query.awaits_initial_result
    assert query.initial_result(A, b"late", is_error=False) is None
    assert query.close() == ()
    assert query.next_ending() is None


def test_an_initial_result_that_nobody_asked_for_is_dropped() -> None:
    query = opened()
    assert query.initial_result(A, b"initial", is_error=False) is None
    assert query.give_up_initial(QueryTimedOut(1)) is None


def test_the_first_good_initial_result_is_the_only_one() -> None:
    query = opened()
    query.ask_initial([A, B])
    assert query.initial_result(A, b"error", is_error=True) is None
    assert query.initial_result(B, b"good", is_error=False) == b"good"
    assert query.initial_result(A, b"second", is_error=False) is None
    assert query.initial_result(B, b"twice", is_error=False) is None
    assert not query.awaits_initial_result
    query.ask_initial([A])
    assert query.initial_result(A, b"asked again", is_error=False) == b"asked again"


def test_the_last_error_is_the_initial_result_where_all_fail() -> None:
    query = opened()
    query.ask_initial([A, B])
    assert query.initial_failed(A, LOST) is None
    assert query.initial_result(B, b"error", is_error=True) == b"error"
    query.ask_initial([A])
    assert query.initial_failed(A, LOST) is LOST


def test_an_initial_result_may_be_given_up() -> None:
    query = opened()
    late = QueryTimedOut(300_000)
    query.ask_initial([A, B])
    assert query.give_up_initial(late) is late
    assert not query.awaits_initial_result
    assert query.initial_result(A, b"late", is_error=False) is None


@given(st.lists(st.one_of(st.integers(1, 5), st.binary(min_size=1, max_size=3)), max_size=60))
def test_no_permit_is_overdrawn_and_no_update_is_lost(steps: list[int | bytes]) -> None:
    query = opened()
    granted, sent, taken = 0, [], []
    for step in steps:
        if isinstance(step, int):
            query.permits.grant(step)
            granted += step
        else:
            query.update(step)
            sent.append(step)
        taken += updates(query)
        assert len(taken) == min(granted, len(sent))
        assert taken == sent[: len(taken)]
        assert query.waiting_bytes == sum(map(len, sent[len(taken) :]))
