"""How well the tags of one party fit those of another."""

from __future__ import annotations

from collections.abc import Mapping


def tag_fit(wanted: Mapping[str, str], offered: Mapping[str, str]) -> int:
    """Return +1 for each tag that both give alike, -1 for each that they give otherwise."""
    total = 0
    for name, value in wanted.items():
        said = offered.get(name)
        if said is not None:
            total += 1 if said == value else -1
    return total
