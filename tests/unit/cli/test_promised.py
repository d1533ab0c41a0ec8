from __future__ import annotations

import pytest

from ranvier.cli.app import main
from ranvier.cli.promised import PROMISED

ALL = [[name] for name in PROMISED]


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_what_is_promised_says_that_it_comes_later(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "-h", "somewhere", "--option", "x"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    [sentence] = printed.err.splitlines()
    assert sentence.startswith(f"ranvier {' '.join(command)} is not built yet; it comes with ")


def test_help_lists_what_works_and_nothing_that_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    listed = {
        line.split()[0] for line in printed.split("Commands:")[1].splitlines() if line.strip()
    }
    assert {"start", "config", "database", "events", "metrics"} <= listed
    assert not listed & PROMISED.keys()


def test_what_nobody_promised_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == 2
    assert "No such command" in capsys.readouterr().err
