"""How an import shows that it moves: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ranvier.cli.printing import write_line

LINE_SECONDS: Final = 5.0
"""Between two lines where there is no terminal: a log of a long import stays short."""


class ImportProgress(Protocol):
    """Is told what is done."""

    def begin(self, work: str, total: int, done: int) -> None:
        """Go over to a piece of work of which so many events are done already."""

    def advance(self, count: int) -> None:
        """Note that so many further events are done."""


class BarProgress:
    """A bar on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, visible=False)

    def begin(self, work: str, total: int, done: int) -> None:
        """Begin a new bar and leave the one before as it is."""
        self._task = self._progress.add_task(work, total=total, completed=done)

    def advance(self, count: int) -> None:
        """Move the bar."""
        self._progress.advance(self._task, count)


class LineProgress:
    """Lines on standard error: where each work begins, then one every few seconds."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._work, self._total, self._done = "", 0, 0
        self._next_line = 0.0

    def begin(self, work: str, total: int, done: int) -> None:
        """Write where this work begins."""
        self._work, self._total, self._done = work, total, done
        self._write()

    def advance(self, count: int) -> None:
        """Write a line if the last one is some seconds old, or this is the end."""
        self._done += count
        if self._done >= self._total or self._clock() >= self._next_line:
            self._write()

    def _write(self) -> None:
        self._next_line = self._clock() + LINE_SECONDS
        write_line(f"{self._work}: {self._done:,} of {self._total:,} events", self._out)
        self._out.flush()


class NoProgress:
    """Says nothing."""

    def begin(self, work: str, total: int, done: int) -> None:
        """Do nothing."""

    def advance(self, count: int) -> None:
        """Do nothing."""


def shown_progress(*, prints_json: bool) -> AbstractContextManager[ImportProgress]:
    """Return what fits standard error; a program that reads JSON is told nothing."""
    if prints_json:
        return nullcontext(NoProgress())
    console = Console(stderr=True)
    if not console.is_terminal:
        return nullcontext(LineProgress(sys.stderr))
    return Bars(
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        )
    )


class Bars(AbstractContextManager[ImportProgress]):
    """Draws bars for the length of a block."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __enter__(self) -> ImportProgress:
        return BarProgress(self._progress.__enter__())

    def __exit__(self, *error: object) -> None:
        self._progress.stop()
