from __future__ import annotations

import pytest

from ranvier.events.criterion import EVERYTHING, Criterion
from ranvier.events.tag import Tag

RED = Tag(b"colour", b"red")
BIG = Tag(b"size", b"big")


@pytest.mark.parametrize(
    ("criterion", "name", "tags", "expected"),
    [
        (EVERYTHING, "Opened", (), True),
        (Criterion((RED,)), "Opened", (RED, BIG), True),
        (Criterion((RED, BIG)), "Opened", (RED,), False),
        (Criterion((RED, RED)), "Opened", (RED,), True),
        (Criterion((Tag(b"colour", b"blue"),)), "Opened", (RED,), False),
        (Criterion((), ("Opened", "Closed")), "Closed", (), True),
        (Criterion((), ("Opened",)), "Closed", (RED,), False),
        (Criterion((RED,), ("Opened",)), "Opened", (RED,), True),
        (Criterion((RED,), ("Opened",)), "Opened", (BIG,), False),
        (Criterion((RED,), ("Opened",)), "Closed", (RED,), False),
    ],
)
def test_all_tags_and_one_of_the_names_are_asked_for(
    criterion: Criterion, name: str, tags: tuple[Tag, ...], expected: bool
) -> None:
    assert criterion.matches(name, tags) is expected
