from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query.arithmetic import difference, product, quotient, remainder, total
from ranvier.events.query.values import Value

GREATEST = 2**63 - 1

whole = st.integers(-GREATEST, GREATEST)
numbers = st.one_of(whole, st.floats())


@pytest.mark.parametrize(
    ("calculated", "expected"),
    [
        (total(2, 3), 5),
        (total(2, 0.5), 2.5),
        (difference(2, 3), -1),
        (product(4, 2.5), 10.0),
        (quotient(6, 3), 2),
        (quotient(7, 2), 3.5),
        (quotient(-7, 7), -1),
        (quotient(1, 0), None),
        (quotient(1.0, 0.0), None),
        (remainder(7, 3), 1),
        (remainder(-7, 3), -1),
        (remainder(7, -3), 1),
        (remainder(7.5, 2), 1.5),
        (remainder(7, 0), None),
        (remainder(math.inf, 2), None),
        (remainder(7, math.inf), 7.0),
        (total("a", 1), None),
        (total(1, None), None),
        (total(True, 1), None),
        (product((1,), 2), None),
    ],
)
def test_calculates(calculated: Value, expected: Value) -> None:
    assert calculated == expected
    assert type(calculated) is type(expected)


def test_whole_numbers_become_floating_point_beyond_63_bits() -> None:
    assert total(GREATEST, 0) == GREATEST
    grown = total(GREATEST, 1)
    assert isinstance(grown, float)
    assert grown == 2.0**63
    assert isinstance(product(-GREATEST, 2), float)
    assert difference(-GREATEST, 1) == -(2.0**63)


@given(numbers, numbers)
def test_every_pair_of_numbers_gives_a_bounded_number_or_nothing(left: float, right: float) -> None:
    for calculate in (total, difference, product, quotient, remainder):
        result = calculate(left, right)
        assert result is None or isinstance(result, (int, float))
        if isinstance(result, int):
            assert abs(result) <= GREATEST


@given(whole, whole.filter(bool))
def test_quotient_and_remainder_belong_together(left: int, right: int) -> None:
    rest = remainder(left, right)
    assert isinstance(rest, int)
    assert abs(rest) < abs(right)
    assert rest * left >= 0
    assert (left - rest) % right == 0
