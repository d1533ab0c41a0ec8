"""Reads the events that match criteria: finite, with the marker for the next append condition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ranvier.events.criterion import Criterion
from ranvier.events.limits import refuse_criteria
from ranvier.services.read_events import HIGHEST_SEQUENCE
from ranvier.storage.event_log import EventLog

PAGE_BYTES = 256 * 1024
"""Of one read: what a slow client may keep in memory, and a transaction of a millisecond or so."""


@dataclass(frozen=True, slots=True)
class SourcedPage:
    """Matching events as (token, data), ascending; `marker` is the same on every page of a read.

    All matches below the marker have been given when `is_last` is true.
    """

    rows: Sequence[tuple[int, bytes]]
    marker: int
    is_last: bool


class SourceEvents:
    """Reads by criteria; `UnknownContext` where there is no context of that name.

    Rows are the messages exactly as they came. No read holds the database open between two pages.
    """

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log

    async def source(
        self, context: str, criteria: Sequence[Criterion], from_token: int = 0
    ) -> AsyncIterator[SourcedPage]:
        """Yield one page or more of what matches any of the criteria; no criteria match all.

        The marker is the head that was read with the first page, and no page goes beyond it.
        """
        refusal = refuse_criteria(criteria)
        if refusal is not None:
            raise refusal
        marker: int | None = None
        next_token = max(0, from_token)
        is_last = False
        while not is_last:
            page = await self._event_log.read_matching(
                context,
                criteria,
                from_token=next_token,
                before_token=HIGHEST_SEQUENCE if marker is None else marker,
                page_bytes=PAGE_BYTES,
            )
            marker = page.head if marker is None else marker
            next_token = page.next_token
            is_last = next_token >= marker
            yield SourcedPage(page.rows, marker, is_last)
