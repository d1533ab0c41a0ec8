from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.password_rules import (
    LONGEST_BYTES,
    SHORTEST_BYTES,
    WORST,
    is_long_beyond_reason,
    read_password,
    refuse_password,
)
from ranvier.access.user_name import read_user_name

ANNA = read_user_name("Anna-Maria-17")


@pytest.mark.parametrize(
    "password",
    [
        "a quiet green door",
        "twelve-chars",
        "ääääää.",
        "x1" * 512,
        "Anna-Maria-17!",
        "            b",
    ],
)
def test_length_is_all_that_is_asked_for(password: str) -> None:
    assert refuse_password(password, ANNA) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "shorter"),
        ("elevenchars", "shorter"),
        ("x1" * 512 + "y", "longer"),
        ("a quiet door \ud800", "surrogate"),
        ("Password1234", "tried first"),
        ("correct horse battery staple", "tried first"),
        ("z" * 40, "tried first"),
        ("anna-maria-17", "name of the user"),
        ("ANNA-MARIA-17anna-maria-17", "name of the user"),
    ],
)
def test_the_others_are_refused_without_being_told(password: str, reason: str) -> None:
    refusal = refuse_password(password, ANNA)
    assert refusal is not None
    assert reason in str(refusal)
    assert not password or password not in str(refusal)


def test_the_worst_are_worth_their_place() -> None:
    assert all(SHORTEST_BYTES <= len(each) <= LONGEST_BYTES for each in WORST)
    assert all(each == each.casefold() for each in WORST)


def test_keyboards_write_one_password() -> None:
    assert read_password("ﬁne door \N{ANGSTROM SIGN}") == read_password("fine door Å")


@given(st.text(max_size=1100))
def test_what_is_long_beyond_reason_is_never_accepted(text: str) -> None:
    if is_long_beyond_reason(text):
        assert refuse_password(text, ANNA) is not None
