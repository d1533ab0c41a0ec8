"""The mailbox: priority first, then arrival, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.errors import QueueFull
from ranvier.messages.mailbox import Mailbox


def test_priority_goes_first_then_arrival() -> None:
    mailbox = Mailbox[int, str]()
    for number, (item, priority) in enumerate([("a", 0), ("b", 5), ("c", 0), ("d", 5), ("e", -1)]):
        mailbox.put(number, item, priority)
    turns = [(1, "b"), (3, "d"), (0, "a"), (2, "c"), (4, "e")]
    assert mailbox.items() == turns
    assert mailbox.drain() == turns
    assert len(mailbox) == 0


def test_10000_may_wait_and_a_tenth_more_with_priority_then_1900() -> None:
    mailbox = Mailbox[int, None]()
    for number in range(10_000):
        mailbox.put(number, None)
    with pytest.raises(QueueFull) as refusal:
        mailbox.put(10_000, None)
    assert refusal.value.code == "AXONIQ-1900"
    for number in range(10_000, 11_000):
        mailbox.put(number, None, 1)
    with pytest.raises(QueueFull):
        mailbox.put(11_000, None, 1)
    assert len(mailbox) == 11_000


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 9), st.integers(-1, 1)),
        st.tuples(st.just("pop"), st.just(0), st.just(0)),
        st.tuples(st.just("remove"), st.integers(0, 9), st.just(0)),
    )
)


@given(steps)
def test_the_mailbox_agrees_with_a_sorted_list(steps: list[tuple[str, int, int]]) -> None:
    mailbox, model = Mailbox[int, int](10), list[tuple[int, int, int]]()
    for number, (step, key, priority) in enumerate(steps):
        if step == "put" and key not in mailbox.keys:
            mailbox.put(key, key, priority)
            model = sorted([*model, (-priority, number, key)])
        elif step == "pop" and model:
            assert mailbox.pop() == (model[0][2], model[0][2])
            del model[0]
        elif step == "remove":
            there = any(own == key for _, _, own in model)
            assert mailbox.remove(key) == (key if there else None)
            model = [each for each in model if each[2] != key]
        assert len(mailbox) == len(model)
    assert mailbox.drain() == [(key, key) for _, _, key in model]
