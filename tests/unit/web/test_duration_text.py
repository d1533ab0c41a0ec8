"""Lengths of time in words."""

from __future__ import annotations

import pytest

from ranvier.web.duration_text import duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_659, "1 h"),
        (7_320, "2 h 2 min"),
        (90_000, "1 d 1 h"),
        (86_400 * 400 + 59, "400 d"),
    ],
)
def test_the_two_largest_units_count(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
