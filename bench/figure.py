"""A published figure: what was measured, and what it must reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its unit; `must_reach` is None for numbers given only for comparison."""

    name: str
    value: float
    unit: str
    must_reach: float | None = None
    lower_is_better: bool = False

    @property
    def is_met(self) -> bool:
        """True where nothing is demanded, or what is demanded is reached."""
        if self.must_reach is None:
            return True
        if self.lower_is_better:
            return self.value <= self.must_reach
        return self.value >= self.must_reach


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as lines of text, each beside what it must reach."""
    rows = [("figure", "measured", "must reach", "")]
    for figure in figures:
        demand = verdict = ""
        if figure.must_reach is not None:
            demand = f"{'≤' if figure.lower_is_better else '≥'} {number(figure.must_reach)}"
            verdict = "met" if figure.is_met else "NOT MET"
        rows.append((figure.name, f"{number(figure.value)} {figure.unit}", demand, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def number(value: float) -> str:
    """Return a number with as many digits as are worth reading."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
