"""Parts of a date as numbers, and the English names of months and days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def week_of_year(moment: datetime) -> int:
    """Return the week by ISO 8601: week 1 holds the year's first Thursday."""
    return moment.isocalendar().week


def day_of_year(moment: datetime) -> int:
    """Return the day counted from 1 January, which is 1."""
    return moment.timetuple().tm_yday


DATE_PARTS: Final[Mapping[str, Callable[[datetime], int]]] = {
    "minute": lambda moment: moment.minute,
    "hour": lambda moment: moment.hour,
    "day": lambda moment: moment.day,
    "week": week_of_year,
    "month": lambda moment: moment.month,
    "year": lambda moment: moment.year,
}
