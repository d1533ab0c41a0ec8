from __future__ import annotations

import pytest

from ranvier.storage.errors import HeadWentBack
from ranvier.storage.seen_heads import SeenHeads


def test_a_head_may_rise_and_stay() -> None:
    seen = SeenHeads()
    for head in (0, 4, 4, 9):
        seen.hold_against("orders", 1, seen.floor(1), head)
    assert seen.floors() == {1: 9}


def test_a_head_below_the_floor_is_refused_and_not_remembered() -> None:
    seen = SeenHeads()
    seen.hold_against("orders", 1, 0, 9)
    with pytest.raises(HeadWentBack, match="Context orders had reached token 9") as refused:
        seen.hold_against("orders", 1, seen.floor(1), 8)
    assert (refused.value.seen, refused.value.found) == (9, 8)
    assert seen.floor(1) == 9


def test_a_look_that_began_before_a_newer_one_ended_is_no_fault() -> None:
    seen = SeenHeads()
    floor = seen.floor(1)
    seen.hold_against("orders", 1, seen.floor(1), 12)
    seen.hold_against("orders", 1, floor, 10)
    assert seen.floor(1) == 12


def test_a_deleted_context_is_forgotten() -> None:
    seen = SeenHeads()
    seen.hold_against("orders", 1, 0, 9)
    seen.forget(1)
    seen.forget(1)
    seen.hold_against("orders", 1, seen.floor(1), 0)
