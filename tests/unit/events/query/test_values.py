from __future__ import annotations

import operator

import pytest

from ranvier.events.query.values import Value, equal, is_number, ordered, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (5, "5"),
        (2.5, "2.5"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ((), "[]"),
        ((1, "a", None), "[1, a, ]"),
        ({}, "{}"),
        ({"b": 1, "a": (True,)}, "{a=[true], b=1}"),
    ],
)
def test_every_value_has_a_text(value: Value, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1, True),
        (1, 1.0, True),
        (1, "1", True),
        (1.0, "1", False),
        ("a", "a", True),
        ("a", "b", False),
        (True, True, True),
        (True, 1, False),
        (True, "true", True),
        (None, None, True),
        (None, "", False),
        (0, None, False),
        ((1, 2), (1, 2), True),
        ((1,), "[1]", True),
    ],
)
def test_values_are_equal_by_type_or_as_texts(left: Value, right: Value, expected: bool) -> None:
    assert equal(left, right) is expected
    assert equal(right, left) is expected


def test_order_is_that_of_numbers_or_of_texts() -> None:
    assert ordered(9, 10, operator.lt)
    assert not ordered("9", 10, operator.lt)
    assert ordered("a", "b", operator.le)
    assert not ordered(None, 1, operator.lt)
    assert not ordered(1, None, operator.lt)


def test_truth_is_no_number() -> None:
    assert is_number(1)
    assert is_number(1.5)
    assert not is_number(True)
    assert not is_number("1")
