"""The command line of several nodes, as each of them gets it."""

from __future__ import annotations

import pytest

from ranvier.node.command_start_several import without_processes


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--processes", "3"], []),
        (["--processes=3", "--insecure"], ["--insecure"]),
        (["--data", "x", "--processes", "3", "--name", "n"], ["--data", "x", "--name", "n"]),
        (["--insecure", "--config", "f"], ["--insecure", "--config", "f"]),
    ],
)
def test_their_number_is_left_out(arguments: list[str], expected: list[str]) -> None:
    assert without_processes(arguments) == expected
