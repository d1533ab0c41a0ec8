"""Runs the program `ranvier` to its end and keeps what it said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.node_process import NodeProcess
from tests.support.node_database import node_process

PROGRAM_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """The exit code and both streams of a program that has ended."""

    code: int
    out: str
    err: str


def ranvier(*arguments: str, directory: Path | None = None, given: str = "") -> Said:
    """Run one command line."""
    done = subprocess.run(
        [sys.executable, "-m", "ranvier", *arguments],
        input=given,
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=PROGRAM_SECONDS,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@contextmanager
def running_node(data: Path, *flags: str, directory: Path | None = None) -> Iterator[NodeProcess]:
    """A node for the length of a block; it must stop in good order."""
    node = node_process(data, *flags, directory=directory)
    try:
        yield node
    except BaseException:
        node.kill()
        raise
    assert node.stop() == 0


def is_one_sentence(text: str) -> bool:
    """Tell whether an operator was told one line and no traceback."""
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("ranvier: ") and "Traceback" not in text
