"""How a copy shows that it moves: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ranvier.node.copy_database import CopyProgress

LINE_SECONDS: Final = 5.0
"""Between two lines of one work where there is no terminal."""


class BarProgress:
    """One bar after the other; a table without rows has none."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, visible=False)

    def begin(self, work: str, total: int, done: int) -> None:
        """Begin a new bar and leave the one before as it is."""
        self._task = self._progress.add_task(work, total=total, completed=done, visible=bool(total))

    def advance(self, count: int) -> None:
        """Move the bar."""
        self._progress.advance(self._task, count)


class LineProgress:
    """Lines: where each work ends, and every few seconds where it is."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._work, self._total, self._done, self._next_line = "", 0, 0, 0.0

    def begin(self, work: str, total: int, done: int) -> None:
        """Note where a work begins; one that is half done already says so."""
        self._work, self._total, self._done = work, total, done
        self._next_line = self._clock() + LINE_SECONDS
        if done:
            self._write()

    def advance(self, count: int) -> None:
        """Write a line at the end, and if the last one is some seconds old."""
        self._done += count
        if self._done >= self._total or self._clock() >= self._next_line:
            self._next_line = self._clock() + LINE_SECONDS
            self._write()

    def _write(self) -> None:
        self._out.write(f"{self._work}: {self._done:,} of {self._total:,} rows\n")
        self._out.flush()


class NoProgress:
    """Says nothing."""

    def begin(self, work: str, total: int, done: int) -> None:
        """Do nothing."""

    def advance(self, count: int) -> None:
        """Do nothing."""


@contextmanager
def shown_progress(*, is_silent: bool) -> Iterator[CopyProgress]:
    """Show on standard error what fits it; a program that reads JSON is told nothing."""
    console = Console(stderr=True)
    if is_silent:
        yield NoProgress()
    elif not console.is_terminal:
        yield LineProgress(sys.stderr)
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
            yield BarProgress(progress)
