"""Who handles what, under every order of coming and going."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages import subscriptions
from ranvier.messages.errors import NameTooLong, TooManySubscriptions
from ranvier.messages.subscriptions import SubscriptionTable
from tests.support.message_handlers import handler


def test_two_streams_with_one_name_are_both_candidates_in_the_order_of_coming() -> None:
    table = SubscriptionTable()
    first, second = handler(1), handler(2)
    assert table.subscribe("default", "Buy", first)
    assert table.subscribe("default", "Buy", second)
    assert [each.handler for each in table.candidates("default", "Buy")] == [first, second]
    assert table.candidates("default", "Sell") == ()
    assert table.candidates("other", "Buy") == ()
    assert len(table) == 2


def test_subscribing_twice_changes_the_load_factor_only() -> None:
    table = SubscriptionTable()
    one = handler()
    assert table.subscribe("default", "Buy", one, 10)
    assert not table.subscribe("default", "Buy", one, 20)
    assert [each.load_factor for each in table.candidates("default", "Buy")] == [20]


@pytest.mark.parametrize("load_factor", [0, -1, -(2**31)])
def test_a_load_factor_that_is_none_counts_as_100(load_factor: int) -> None:
    table = SubscriptionTable()
    table.subscribe("default", "Buy", handler(), load_factor)
    assert [each.load_factor for each in table.candidates("default", "Buy")] == [100]


def test_candidates_are_the_same_object_until_they_change() -> None:
    table = SubscriptionTable()
    table.subscribe("default", "Buy", handler(1))
    before, revision = table.candidates("default", "Buy"), table.revision
    table.subscribe("default", "Sell", handler(2))
    assert table.candidates("default", "Buy") is before
    assert table.revision > revision
    table.subscribe("default", "Buy", handler(3))
    assert table.candidates("default", "Buy") is not before


def test_what_is_withdrawn_is_no_candidate_and_others_stay() -> None:
    table = SubscriptionTable()
    first, second = handler(1), handler(2)
    for each in (first, second):
        table.subscribe("default", "Buy", each)
    assert table.unsubscribe("default", "Buy", first)
    assert not table.unsubscribe("default", "Buy", first)
    assert not table.is_subscribed("Buy", first)
    assert [each.handler for each in table.candidates("default", "Buy")] == [second]


def test_who_leaves_takes_all_names_along() -> None:
    table = SubscriptionTable()
    one = handler()
    for name in ("Buy", "Sell"):
        table.subscribe("default", name, one)
    assert table.names("default") == ("Buy", "Sell")
    assert table.leave(one) == ("Buy", "Sell")
    assert table.leave(one) == ()
    assert (table.names("default"), len(table)) == ((), 0)


def test_the_table_knows_whether_anybody_has_tags() -> None:
    table, tagged = SubscriptionTable(), handler(1, tags={"region": "eu"})
    table.subscribe("default", "Buy", handler(2))
    assert not table.has_tags
    table.subscribe("default", "Buy", tagged)
    assert bool(table.has_tags)
    table.leave(tagged)
    assert not table.has_tags
    table.subscribe("default", "Buy", tagged)
    table.unsubscribe("default", "Buy", tagged)
    assert not table.has_tags


def test_names_of_one_stream_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "NAMES_PER_HANDLER_MAX", 2)
    table, one = SubscriptionTable(), handler()
    for name in ("a", "b", "b"):
        table.subscribe("default", name, one)
    with pytest.raises(TooManySubscriptions) as refusal:
        table.subscribe("default", "c", one)
    assert refusal.value.code == "AXONIQ-1003"
    with pytest.raises(NameTooLong):
        table.subscribe("default", "x" * 1_001, one)
    assert table.names("default") == ("a", "b")


changes = st.lists(
    st.tuples(st.sampled_from(["in", "out", "leave"]), st.integers(0, 3), st.sampled_from("ab"))
)


@given(changes)
def test_the_table_agrees_with_a_list(steps: list[tuple[str, int, str]]) -> None:
    table, model = SubscriptionTable(), list[tuple[int, str]]()
    handlers = [handler(number) for number in range(4)]
    for step, number, name in steps:
        if step == "in":
            is_new = (number, name) not in model
            assert table.subscribe("default", name, handlers[number]) is is_new
            model += [(number, name)] * is_new
        elif step == "out":
            was_there = (number, name) in model
            assert table.unsubscribe("default", name, handlers[number]) is was_there
            model = [each for each in model if each != (number, name)]
        else:
            left = table.leave(handlers[number])
            assert sorted(left) == sorted(own for at, own in model if at == number)
            model = [each for each in model if each[0] != number]
        for own in "ab":
            found = [each.handler for each in table.candidates("default", own)]
            assert found == [handlers[at] for at, name in model if name == own]
    assert len(table) == len(model)
