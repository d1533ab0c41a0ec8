from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.errors import InvalidUserName
from ranvier.access.user_name import NAME_BYTES, read_user_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "anna"),
        ("anna", "ＡＮＮＡ"),  # noqa: RUF001  # wide letters are the point
        ("Müller", "mu\N{COMBINING DIAERESIS}ller"),
        ("Straße", "STRASSE"),
    ],
)
def test_names_that_people_take_for_one_are_one(one: str, other: str) -> None:
    assert read_user_name(one).key == read_user_name(other).key


def test_a_name_is_shown_as_it_was_given() -> None:
    assert read_user_name("Anna <b>O'Neil</b>".replace("/", "|")).shown == "Anna <b>O'Neil<|b>"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " anna",
        "anna ",
        "a\nb",
        "a\0b",
        "a/b",
        ".",
        "..",
        "\u202eanna",
        "\ud800",
        "x" * 129,
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidUserName) as refusal:
        read_user_name(text)
    assert refusal.value.field == "name"


@given(st.text(max_size=40))
def test_a_key_is_that_of_its_own_name_and_can_be_stored(text: str) -> None:
    try:
        name = read_user_name(text)
    except InvalidUserName:
        return
    assert read_user_name(name.shown) == name
    assert name.key.encode()
    assert "\0" not in name.key
    assert len(name.shown.encode()) <= NAME_BYTES
