"""Moments of events in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from ranvier.events.query.errors import refused
from ranvier.events.query.syntax import Text
from ranvier.events.query.values import Value, is_number

UTC_ZONE: Final[tzinfo] = UTC

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}", re.ASCII)


def time_zone_of(text: Text) -> tzinfo:
    """Return a zone by its name (`Europe/Berlin`) or its distance from UTC (`+02:00`).

    The rules of the zones are data of the standard library, read once, when a query is parsed.

    Raises:
        QueryError: there is no such zone.
    """
    if text.value in ("Z", "UTC", "GMT"):
        return UTC_ZONE
    offset = _OFFSET.fullmatch(text.value)
    if offset is not None and int(offset[2]) <= 18:
        distance = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(distance if offset[1] == "+" else -distance)
    try:
        if _NAME.fullmatch(text.value):
            return ZoneInfo(text.value)
    except (KeyError, ValueError, OSError):
        pass  # refused below, as what is no name at all
    raise refused(text.value, text.offset, "is no time zone; write one such as 'Europe/Berlin'.")


def local_time(time_ms: Value, zone: tzinfo) -> datetime | None:
    """Return the moment at so many milliseconds since 1970; None where no calendar shows it."""
    if not is_number(time_ms):
        return None
    try:
        return (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(zone)
    except (OverflowError, ValueError):
        return None
