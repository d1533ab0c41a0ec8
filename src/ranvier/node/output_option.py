"""The option `-o txt|json` of the commands that run without a node."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.config.errors import InvalidValue

FLAGS = ("-o", "--output")
FORMATS = ("txt", "json")


def split_output(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the output format asked for and the arguments without it; `txt` unless asked."""
    output, rest = FORMATS[0], []
    waiting = list(reversed(arguments))
    while waiting:
        word = waiting.pop()
        flag, equals, value = word.partition("=")
        if flag not in FLAGS:
            rest.append(word)
            continue
        output = value if equals else waiting.pop() if waiting else ""
        if output not in FORMATS:
            raise InvalidValue(f"-o is {output!r}; it must be txt or json.", wrong_usage=True)
    return output, rest
