"""Permits as a running total that is never overdrawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.errors import PermitsNotPositive
from ranvier.messages.permits import PERMITS_MAX, Permits


def test_grants_add_up() -> None:
    permits = Permits()
    assert not permits.take()
    permits.grant(1)
    permits.grant(2)
    assert [permits.take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("count", [0, -1, -(2**63)])
def test_a_grant_of_nothing_or_less_is_1003_and_changes_nothing(count: int) -> None:
    permits = Permits()
    permits.grant(5)
    with pytest.raises(PermitsNotPositive) as refusal:
        permits.grant(count)
    assert refusal.value.code == "AXONIQ-1003"
    assert permits.available == 5


def test_the_total_stops_at_the_largest_number() -> None:
    permits = Permits()
    permits.grant(PERMITS_MAX)
    permits.grant(PERMITS_MAX)
    assert permits.available == PERMITS_MAX


@given(st.lists(st.integers(-3, 3) | st.none()))
def test_no_permit_is_ever_overdrawn(steps: list[int | None]) -> None:
    permits, granted, taken = Permits(), 0, 0
    for step in steps:
        if step is None:
            taken += permits.take()
        elif step > 0:
            permits.grant(step)
            granted += step
        else:
            with pytest.raises(PermitsNotPositive):
                permits.grant(step)
        assert 0 <= permits.available == granted - taken
