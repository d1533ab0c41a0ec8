"""Rows of the server's own query language over events or snapshots."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ranvier.client.error_mapping import translated
from ranvier.client.typed_calls import READ_MANY, TypedCalls
from ranvier.proto import event_pb2

Cell = str | int | float | bool | None

PERMITS: Final = 1_024
"""Rows that a server may send ahead; refilled by quarters."""


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What a query is asked of, and for how long."""

    live: bool = False
    """Go on with events that come, after those that are stored."""
    snapshots: bool = False
    """Ask the snapshots, not the events."""


@dataclass(frozen=True, slots=True)
class QueryRow:
    """One row: its cells by column, which row it is, and what it is sorted by."""

    values: Mapping[str, Cell]
    identity: tuple[Cell, ...]
    sort_by: tuple[Cell, ...]


async def query_rows(
    calls: TypedCalls, text: str, options: QueryOptions
) -> AsyncGenerator[QueryRow, None]:
    """Ask and yield rows; of a query that is not live until history is searched."""
    call = await calls.open("QueryEvents")
    request = event_pb2.QueryEventsRequest(
        query=text,
        number_of_permits=PERMITS,
        live_events=options.live,
        query_snapshots=options.snapshots,
    )
    taken = 0
    try:
        while True:
            with translated():
                await call.write(request.SerializeToString())
            request = event_pb2.QueryEventsRequest(number_of_permits=PERMITS // 4)
            while taken < PERMITS // 4:
                with translated():
                    messages = await call.read_many(READ_MANY)
                if not messages:
                    return
                taken += len(messages)
                for message in messages:
                    answer = event_pb2.QueryEventsResponse.FromString(message)
                    if answer.HasField("row"):
                        yield row_of(answer.row)
                    elif answer.HasField("files_completed") and not options.live:
                        return
            taken -= PERMITS // 4
    finally:
        call.cancel()


def row_of(row: event_pb2.RowResponse) -> QueryRow:
    """Return a row as the wire has it."""
    return QueryRow(
        {name: cell_of(value) for name, value in row.values.items()},
        cells_of(row.id_values),
        cells_of(row.sort_values),
    )


def cells_of(values: Iterable[event_pb2.QueryValue]) -> tuple[Cell, ...]:
    """Return several cells."""
    return tuple(cell_of(value) for value in values)


def cell_of(value: event_pb2.QueryValue) -> Cell:
    """Return a cell; None where it is empty."""
    kind = value.WhichOneof("data")
    return None if kind is None else getattr(value, kind)
