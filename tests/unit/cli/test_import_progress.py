"""An import shows that it moves: by a bar on a terminal, by a few lines in a log."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from ranvier.cli.import_progress import Bars, LineProgress, NoProgress, shown_progress


def test_lines_come_at_the_beginning_at_the_end_and_now_and_then() -> None:
    now = 0.0
    out = io.StringIO()
    progress = LineProgress(out, lambda: now)
    progress.begin("Copying", 3_000, 1_000)
    for _ in range(4):
        now += 2.0
        progress.advance(250)
    progress.advance(1_000)
    assert out.getvalue().splitlines() == [
        "Copying: 1,000 of 3,000 events",
        "Copying: 1,750 of 3,000 events",
        "Copying: 3,000 of 3,000 events",
    ]


def test_a_terminal_gets_a_bar_for_each_work() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80)
    with Bars(Progress(console=console)) as progress:
        progress.begin("Copying", 10, 0)
        progress.advance(10)
        progress.begin("Comparing", 10, 0)
        progress.advance(4)
    assert "Copying" in out.getvalue()
    assert "100%" in out.getvalue()
    assert "40%" in out.getvalue()


def test_a_program_that_reads_json_is_told_nothing() -> None:
    with shown_progress(prints_json=True) as progress:
        assert isinstance(progress, NoProgress)
        progress.begin("Copying", 1, 0)
        progress.advance(1)
    with shown_progress(prints_json=False) as progress:
        assert isinstance(progress, LineProgress)
