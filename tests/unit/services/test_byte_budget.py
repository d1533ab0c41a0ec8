"""The budget of bytes that wait."""

from __future__ import annotations

import pytest

from ranvier.services.byte_budget import ByteBudget
from ranvier.services.errors import AppendQueueFull


def test_takes_up_to_the_limit_and_no_byte_more() -> None:
    budget = ByteBudget(10)
    budget.take(10)
    with pytest.raises(AppendQueueFull, match="More than 10 bytes"):
        budget.take(1)
    assert budget.taken_bytes == 10


def test_what_is_given_back_can_be_taken_again() -> None:
    budget = ByteBudget(10)
    budget.take(8)
    budget.give_back(8)
    budget.take(10)
    assert budget.taken_bytes == 10
