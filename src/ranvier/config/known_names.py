"""Finding a key by any spelling of its names, and the nearest one for a name that is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from ranvier.config.keys import AxonName, Key, canonical
from ranvier.config.settings import KEYS

_OWN: Final = {canonical(key.name): key for key in KEYS}
_AXON: Final = {canonical(name.property_name): (key, name) for key in KEYS for name in key.axon}
_LEAST_LIKENESS: Final = 0.4
"""Below this a suggestion confuses more than it helps."""


def find_key(name: str) -> Key | None:
    """Find a key by its own name, however its words are joined."""
    return _OWN.get(canonical(name))


def find_axon_name(property_name: str) -> tuple[Key, AxonName] | None:
    """Find a key by the property or variable that Axon users know."""
    return _AXON.get(canonical(property_name))


def nearest(name: str, known: Iterable[str], *, prefix: str = "") -> str:
    """Finish a sentence about an unknown name with the nearest known one; `prefix` counts not."""
    words = {each.removeprefix(prefix): each for each in known}
    close = difflib.get_close_matches(
        name.removeprefix(prefix), list(words), n=1, cutoff=_LEAST_LIKENESS
    )
    return f"did you mean `{words[close[0]]}`?" if close else "`ranvier config explain` lists all."
