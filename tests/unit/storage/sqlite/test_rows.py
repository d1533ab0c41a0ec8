from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.storage.sqlite.rows import (
    MOST_ROWS,
    RowSizes,
    fitting,
    fitting_count,
    lengths_of,
    take_apart,
)


@given(st.lists(st.binary(max_size=20), min_size=1))
def test_joined_rows_are_taken_apart_again(rows: list[bytes]) -> None:
    lengths = "s".join(str(len(row)) for row in rows)
    assert list(take_apart(b"".join(rows), lengths)) == rows
    assert lengths_of(lengths) == [len(row) for row in rows]


def test_no_rows_are_an_empty_page() -> None:
    assert take_apart(None, None) == ()
    assert lengths_of(None) == []


@given(st.lists(st.binary(max_size=20), min_size=1), st.integers(0, 100))
def test_a_page_holds_what_fits_and_at_least_one_row(rows: list[bytes], page_bytes: int) -> None:
    page = fitting(rows, sum(map(len, rows)), page_bytes)
    assert list(page) == rows[: len(page)]
    assert len(page) >= 1
    assert len(page) == 1 or sum(map(len, page)) <= page_bytes
    if len(page) < len(rows):
        assert sum(map(len, rows[: len(page) + 1])) > page_bytes


@pytest.mark.parametrize(
    ("lengths", "page_bytes", "count"),
    [([5], 1, 1), ([5, 5], 10, 2), ([5, 5], 9, 1), ([0, 0, 3], 0, 2), ([9, 1], 3, 1)],
)
def test_how_many_rows_fit(lengths: Sequence[int], page_bytes: int, count: int) -> None:
    assert fitting_count(lengths, page_bytes) == count


def test_the_guess_follows_the_rows() -> None:
    sizes = RowSizes()
    for _ in range(40):
        sizes.learn(100, 100 * 1_000)
    assert 95 <= sizes.rows_for(100_000) <= 105
    for _ in range(40):
        sizes.learn(10, 10 * 50_000)
    assert sizes.rows_for(100_000) in (1, 2)
    guesses = []
    for _ in range(40):
        sizes.learn(1_000, 0)
        guesses.append(sizes.rows_for(1 << 30))
    assert all(earlier <= later for earlier, later in pairwise(guesses))
    assert guesses[-1] == MOST_ROWS


def test_the_guess_is_at_least_one_row_and_nothing_is_learnt_from_nothing() -> None:
    sizes = RowSizes()
    before = sizes.rows_for(1 << 20)
    sizes.learn(0, 0)
    assert sizes.rows_for(1 << 20) == before
    assert sizes.rows_for(1) == 1
    assert sizes.rows_for(0) == 1
