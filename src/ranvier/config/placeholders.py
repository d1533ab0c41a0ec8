"""Placeholders in Axon Server's files: `${NAME}` and `${NAME:default}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ranvier.config.errors import InvalidValue
from ranvier.config.origins import Given

_PLACEHOLDER: Final = re.compile(r"\$\{([^${}:]+)(?::([^${}]*))?\}")
_MOST_ROUNDS: Final = 10
"""A placeholder may stand for text with another; deeper ones go round in a circle."""


def fill_placeholders(given: Given, known: Mapping[str, str]) -> str:
    """Replace each placeholder by what `known` says or by its default."""

    def replace(found: re.Match[str]) -> str:
        text = known.get(found[1].strip(), found[2])
        if text is None:
            raise InvalidValue(
                f"{given.origin} refers to {found[0]}, which nothing sets; set the variable"
                f" {found[1].strip()} or write a default behind a colon."
            )
        return text

    text = given.text
    for _ in range(_MOST_ROUNDS):
        text, replaced = _PLACEHOLDER.subn(replace, text)
        if not replaced:
            return text
    raise InvalidValue(f"{given.origin} refers to itself; write the value instead.")
