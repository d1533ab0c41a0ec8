"""What the language sees of an event, and how an event's fields are shown in an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from ranvier.events.query.values import Value, text_of

TOKEN: Final = "token"  # noqa: S105  # a place in the log, no secret
AGGREGATE_IDENTIFIER: Final = "aggregateIdentifier"
AGGREGATE_SEQUENCE_NUMBER: Final = "aggregateSequenceNumber"
TIMESTAMP: Final = "timestamp"
META_DATA: Final = "metaData"

COLUMNS: Final = (
    TOKEN,
    "eventIdentifier",
    AGGREGATE_IDENTIFIER,
    AGGREGATE_SEQUENCE_NUMBER,
    "aggregateType",
    "payloadType",
    "payloadRevision",
    "payloadData",
    TIMESTAMP,
    META_DATA,
)

Shown = str | int | float | bool | None

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Row(Protocol):
    """One event, read only."""

    def cell(self, column: str) -> Value:
        """Return the field of that name: `token`, `aggregateSequenceNumber` and `timestamp`
        (milliseconds since 1970) as whole numbers, `metaData` as a mapping, the rest as text
        (`payloadData`: its bytes read as UTF-8, broken ones replaced).
        """
        ...


Evaluator = Callable[[Row], Value]
"""Gives the value of an expression for a row."""


def shown(
    row: Row, columns: Iterable[str], times: frozenset[str] = frozenset({TIMESTAMP})
) -> dict[str, Shown]:
    """Return what an answer shows of `row`: times in ISO 8601 (UTC), metadata as text."""
    return {column: shown_value(row.cell(column), is_time=column in times) for column in columns}


def shown_value(value: Value, *, is_time: bool) -> Shown:
    """Return one field as an answer shows it."""
    if is_time and isinstance(value, int):
        return iso_time(value)
    if isinstance(value, (tuple, Mapping)):
        return text_of(value)
    return value


def iso_time(time_ms: int) -> str:
    """Return the time as ISO 8601 text, with milliseconds where there are any.

    Times outside the years 1 to 9999 are shown as their number.
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        return str(time_ms)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
