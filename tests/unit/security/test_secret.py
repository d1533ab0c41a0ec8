from __future__ import annotations

import copy
import json
from dataclasses import dataclass

import pytest

from ranvier.security.secret import MASK, Secret

TEXT = "correct horse battery staple"


@dataclass(frozen=True)
class Holder:
    token: Secret


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(TEXT)),
        repr(Secret(TEXT)),
        f"{Secret(TEXT)}",
        f"{Secret(TEXT)!r:>40}",
        f"{Secret(TEXT):>40}",
        "%s" % Secret(TEXT),  # noqa: UP031  # the stdlib logger formats in this way
        repr(Holder(Secret(TEXT))),
        str([Secret(TEXT)]),
        json.dumps({"token": Secret(TEXT)}, default=repr),
    ],
)
def test_no_way_of_printing_shows_the_secret(shown: str) -> None:
    assert TEXT not in shown
    assert MASK in shown


def test_reveal_gives_the_text() -> None:
    assert Secret(TEXT).reveal() == TEXT


@pytest.mark.parametrize(
    ("offered", "expected"),
    [(TEXT, True), (TEXT[:-1], False), (TEXT + "!", False), ("", False), (None, False)],
)
def test_matches_only_the_same_text(offered: str | None, expected: bool) -> None:
    assert Secret(TEXT).matches(offered) is expected


def test_texts_that_are_no_unicode_are_wrong_and_harmless() -> None:
    assert not Secret(TEXT).matches("\ud800")
    assert Secret("päss").matches("päss")


def test_equality_is_by_text_and_only_between_secrets() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret("other")
    assert Secret(TEXT) != TEXT


def test_a_secret_is_neither_hashed_nor_pickled_nor_copied() -> None:
    with pytest.raises(TypeError):
        hash(Secret(TEXT))
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            copied(Secret(TEXT))
