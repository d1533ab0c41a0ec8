"""The ring: stable, shared by load factor, and moving no more keys than it must."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.handler import Handler
from ranvier.messages.hash_ring import POINTS_MAX, HashRing
from tests.support.message_handlers import handler

KEYS = [f"order-{number}" for number in range(500)]

members = st.dictionaries(st.integers(0, 8), st.integers(1, 40), min_size=1)
HANDLERS = [handler(number) for number in range(9)]


def as_members(loads: dict[int, int]) -> frozenset[tuple[Handler, int]]:
    return frozenset((HANDLERS[number], load) for number, load in loads.items())


def owners(ring: HashRing) -> dict[str, Handler]:
    return {key: ring.find(key) for key in KEYS}


@given(members, members)
def test_a_ring_made_from_another_is_as_one_made_anew(
    before: dict[int, int], after: dict[int, int]
) -> None:
    ring = HashRing(as_members(before)).changed_to(as_members(after))
    assert owners(ring) == owners(HashRing(as_members(after)))
    assert len(ring.points) == sum(after.values())


@given(members, st.data())
def test_when_one_of_n_is_lost_only_its_keys_move(
    loads: dict[int, int], data: st.DataObject
) -> None:
    lost = data.draw(st.sampled_from(sorted(loads)))
    whole = HashRing(as_members(loads))
    before = owners(whole)
    rest = {number: load for number, load in loads.items() if number != lost}
    if not rest:
        return
    after = owners(whole.changed_to(as_members(rest)))
    moved = {key for key in KEYS if before[key] is not after[key]}
    assert moved == {key for key in KEYS if before[key] is HANDLERS[lost]}


def test_the_share_grows_with_the_load_factor() -> None:
    ring = HashRing([(HANDLERS[0], 300), (HANDLERS[1], 100)])
    shares = Counter(ring.find(f"{number}") for number in range(4_000))
    assert 2_600 < shares[HANDLERS[0]] < 3_400


def test_a_huge_load_factor_costs_no_more_than_the_limit() -> None:
    assert len(HashRing([(HANDLERS[0], 2**31 - 1)]).points) == POINTS_MAX


def test_a_key_that_is_no_proper_text_has_a_place_too() -> None:
    assert HashRing([(HANDLERS[0], 1)]).find("\ud800") is HANDLERS[0]
