"""Spreading segments over clients."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.balance_segments import (
    DEFAULT,
    THREAD_NUMBER,
    Move,
    moves_to_balance,
    refuse_strategy,
)
from ranvier.messages.event_processor import ProcessorInstance
from tests.support.processors import instance


def four_and_none(free: int = 4) -> list[ProcessorInstance]:
    return [instance("a", ((0, 4), (1, 4), (2, 4), (3, 4))), instance("b", free=free)]


def test_the_default_moves_nothing() -> None:
    assert moves_to_balance(DEFAULT, four_and_none()) == []


@pytest.mark.parametrize(
    ("free", "moves"), [(4, [Move(3, "b"), Move(2, "b")]), (1, [Move(3, "b")]), (0, [])]
)
def test_clients_get_as_many_segments_as_far_as_threads_reach(free: int, moves: list[Move]) -> None:
    assert moves_to_balance(THREAD_NUMBER, four_and_none(free)) == moves


def test_what_does_not_run_or_stream_neither_gives_nor_takes() -> None:
    giver, taker = four_and_none()
    stopped = instance("b", free=4, is_running=False)
    subscribing = replace(taker, status=replace(taker.status, is_streaming=False))
    for other in (stopped, subscribing):
        assert moves_to_balance(THREAD_NUMBER, [giver, other]) == []
    assert moves_to_balance(THREAD_NUMBER, []) == []


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=8))
def test_after_the_moves_nobody_is_worse_off_than_need_be(
    clients: list[tuple[int, int]],
) -> None:
    numbers = iter(range(1_000))
    instances = [
        instance(str(index), tuple((next(numbers), 64) for _ in range(claimed)), free=free)
        for index, (claimed, free) in enumerate(clients)
    ]
    owners = {
        segment.segment_id: each.client_id for each in instances for segment in each.status.segments
    }
    moves = moves_to_balance(THREAD_NUMBER, instances)
    for move in moves:
        owners[move.segment_id] = move.target_client_id
    assert len({move.segment_id for move in moves}) == len(moves)
    counts = {each.client_id: 0 for each in instances}
    for owner in owners.values():
        counts[owner] += 1
    capacity = {str(index): claimed + free for index, (claimed, free) in enumerate(clients)}
    assert all(counts[name] <= capacity[name] for name in counts)
    roomy = [count for name, count in counts.items() if count < capacity[name]]
    assert not roomy or max(counts.values()) - min(roomy) <= 1


def test_an_unknown_strategy_is_refused() -> None:
    assert refuse_strategy(THREAD_NUMBER) is refuse_strategy(DEFAULT) is None
    refusal = refuse_strategy("random")
    assert refusal is not None
    assert refusal.code == "RANVIER-UNKNOWN-STRATEGY"
