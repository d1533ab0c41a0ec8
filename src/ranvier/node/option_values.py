"""Options of a local command that are no settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.config.errors import InvalidValue


def split_options(
    arguments: Sequence[str], flags: Sequence[str]
) -> tuple[Mapping[str, str], list[str]]:
    """Return the values of these flags, `--flag value` or `--flag=value`, and all other words.

    Raises `InvalidValue` for a flag without a value.
    """
    given: dict[str, str] = {}
    rest: list[str] = []
    waiting = list(reversed(arguments))
    while waiting:
        word = waiting.pop()
        flag, equals, value = word.partition("=")
        if flag not in flags:
            rest.append(word)
            continue
        if not equals and (not waiting or waiting[-1].startswith("--")):
            raise InvalidValue(f"{flag} needs a value; write {flag} VALUE.", wrong_usage=True)
        given[flag] = value if equals else waiting.pop()
    return given, rest
