"""The port of the event log: appends in batches, reads in pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.events.append import Accepted, Append, Outcome
from ranvier.events.criterion import Criterion


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive events: the row at index i has token `first_token + i`.

    A page without rows ends what could be read now. `next_token` is where the next page starts.
    `names` are the rows' payload types, if they were asked for.
    """

    first_token: int
    rows: Sequence[bytes]
    next_token: int
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AggregatePage:
    """Events of one aggregate as (sequence, data), ascending.

    `next_sequence` is where the next page starts, None when nothing is left; a page that just holds
    the last event may be followed by an empty one.
    """

    rows: Sequence[tuple[int, bytes]]
    next_sequence: int | None


@dataclass(frozen=True, slots=True)
class MatchPage:
    """Matching events as (token, data), ascending; there may be none although more follow.

    All matches below `next_token` have been seen; it ends at the end asked for or at the head,
    whichever comes first. `head` is the context's head as it was before the look.
    """

    rows: Sequence[tuple[int, bytes]]
    next_token: int
    head: int


class EventLog(Protocol):
    """The events of all contexts; an unknown context raises `UnknownContext`."""

    async def append(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        """Decide a batch in order and store what is accepted in one durable commit.

        There is one outcome for each append. One append's refusal never harms its neighbours.
        """
        ...

    def append_then(
        self,
        context: str,
        appends: Sequence[Append],
        done: Callable[[Sequence[Outcome] | Exception], None],
    ) -> None:
        """Append as `append` does, without a task; `done` is called on the event loop.

        Batches that are handed in one after the other are decided in that order.
        """
        ...

    async def find_append(self, context: str, append_id: bytes) -> Accepted | None:
        """Tell what became of an append, after every commit that may still bring it has ended."""
        ...

    async def head(self, context: str) -> int:
        """The token that the next event will get."""
        ...

    async def heads(self) -> Mapping[str, int]:
        """The heads of all contexts, read at one moment."""
        ...

    async def first_token(self, context: str) -> int:
        """The token of the oldest event, 0 for an empty context."""
        ...

    async def first_token_at(self, context: str, time_ms: int) -> int:
        """The token of the first event at or after a time; the head if all are earlier."""
        ...

    async def last_sequence(self, context: str, aggregate_id: str) -> int:
        """The sequence number of an aggregate's last event, -1 if it has none."""
        ...

    async def read(
        self,
        context: str,
        *,
        from_token: int,
        before_token: int,
        page_bytes: int,
        with_names: bool = False,
    ) -> Page:
        """Read events with `from_token` <= token < `before_token`, at most `page_bytes` of them.

        An event larger than the page comes alone.
        """
        ...

    async def read_aggregate(
        self,
        context: str,
        aggregate_id: str,
        *,
        from_sequence: int,
        to_sequence: int,
        page_bytes: int,
    ) -> AggregatePage:
        """Read an aggregate's events with `from_sequence` <= sequence <= `to_sequence`."""
        ...

    async def read_matching(
        self,
        context: str,
        criteria: Sequence[Criterion],
        *,
        from_token: int,
        before_token: int,
        page_bytes: int,
    ) -> MatchPage:
        """Read the events in a range of tokens that match any of the criteria; none match all."""
        ...
