"""The choice among candidates, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages import chosen_handler
from ranvier.messages.chosen_handler import ChosenHandler
from ranvier.messages.hash_ring import HashRing
from tests.support.message_handlers import candidates, handler


def test_one_candidate_is_taken_without_a_ring() -> None:
    only = handler()
    assert ChosenHandler().find(candidates(only), "key") is only


@given(st.permutations(range(5)), st.text())
def test_a_key_keeps_its_handler_whatever_the_order_and_the_name(
    order: list[int], key: str
) -> None:
    handlers = [handler(number) for number in range(5)]
    choice = ChosenHandler()
    expected = choice.find(candidates(*handlers), key)
    assert choice.find(candidates(*handlers, name="Sell"), key) is expected
    assert choice.find(candidates(*[handlers[at] for at in order]), key) is expected
    assert choice.find(candidates(*handlers), key) is expected


def test_what_was_chosen_among_in_between_changes_nothing() -> None:
    handlers = [handler(number) for number in range(4)]
    choice = ChosenHandler()
    whole, part = candidates(*handlers), candidates(*handlers[:2])
    keys = [f"{number}" for number in range(50)]
    first = [choice.find(whole, key) for key in keys]
    assert {choice.find(part, key) for key in keys} <= set(handlers[:2])
    assert [choice.find(whole, key) for key in keys] == first


def test_rings_are_kept_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_handler, "POINTS_CACHED_MAX", 1_000)
    monkeypatch.setattr(chosen_handler, "NAMES_CACHED_MAX", 3)
    choice = ChosenHandler()
    for number in range(50):
        pair = candidates(handler(number), handler(number + 1), name=f"name-{number}")
        choice.find(pair, "key")
        assert choice.kept_points <= 1_000
        assert choice.kept_names <= 3
    choice.forget()
    assert (choice.kept_points, choice.kept_names) == (0, 0)


def test_the_ring_in_use_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    among, choice = candidates(handler(1), handler(2)), ChosenHandler()
    chosen = choice.find(among, "key")
    monkeypatch.setattr(HashRing, "changed_to", lambda *_: pytest.fail("made again"))
    assert choice.find(among, "key") is chosen
