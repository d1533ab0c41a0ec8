"""Figures as people read them: rates, shares, sizes, times that have passed."""

from __future__ import annotations

from typing import Final

from ranvier.web.duration_text import duration_text
from ranvier.web.page_templates import templates, thousands

UNKNOWN: Final = "\N{EN DASH}"
KIBIBYTE: Final = 1024
SIZE_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def rate_text(per_second: float | None) -> str:
    """Return a rate with as many digits as are worth reading."""
    if per_second is None:
        return UNKNOWN
    if 0 < per_second < 10:
        return f"{per_second:.1f}"
    return thousands(round(per_second))


def share_text(share: float | None) -> str:
    """Return a share of one core in hundredths."""
    return UNKNOWN if share is None else f"{share * 100:.0f} %"


def size_text(byte_count: int | None) -> str:
    """Return a size in the largest unit of which there is one at least."""
    if byte_count is None:
        return UNKNOWN
    size, units = float(byte_count), list(SIZE_UNITS)
    while size >= KIBIBYTE and len(units) > 1:
        size /= KIBIBYTE
        units.pop(0)
    return f"{size:.0f} {units[0]}" if size >= 10 or units[0] == "B" else f"{size:.1f} {units[0]}"


def milliseconds_text(seconds: float | None) -> str:
    """Return a short time in milliseconds."""
    return UNKNOWN if seconds is None else f"{seconds * 1000:.1f} ms"


def passed_text(seconds: float | None) -> str:
    """Return a length of time in words."""
    return UNKNOWN if seconds is None else duration_text(seconds)


templates.filters.update(
    {
        "rate": rate_text,
        "share": share_text,
        "size": size_text,
        "milliseconds": milliseconds_text,
        "passed": passed_text,
    }
)
