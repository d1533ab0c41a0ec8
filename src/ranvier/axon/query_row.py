"""A stored event as the query language sees it, and as an answer shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ranvier.events.query import Answer, Shown, Value
from ranvier.proto import common_pb2, event_pb2


class EventRow:
    """The columns of one event; `token` is the place where it was found."""

    __slots__ = ("_event", "_token")

    def __init__(self, token: int, message: bytes) -> None:
        self._token = token
        self._event = event_pb2.Event.FromString(message)

    def cell(self, column: str) -> Value:
        """Return the event's field of that name."""
        return self._token if column == "token" else CELLS[column](self._event)


def text_from(data: bytes) -> str:
    """Return bytes as text, broken UTF-8 replaced."""
    return data.decode("utf-8", "replace")


def meta_data(event: event_pb2.Event) -> dict[str, Value]:
    """Return an event's metadata by key."""
    return {key: meta_value(value) for key, value in event.meta_data.items()}


def meta_value(value: common_pb2.MetaDataValue) -> Value:
    """Return one value of metadata; nested objects as their data."""
    match value.WhichOneof("data"):
        case "text_value":
            return value.text_value
        case "number_value":
            return value.number_value
        case "boolean_value":
            return value.boolean_value
        case "double_value":
            return value.double_value
        case "bytes_value":
            return text_from(value.bytes_value.data)
        case _:
            return None


CELLS: Final[dict[str, Callable[[event_pb2.Event], Value]]] = {
    "eventIdentifier": lambda event: event.message_identifier,
    "aggregateIdentifier": lambda event: event.aggregate_identifier,
    "aggregateSequenceNumber": lambda event: event.aggregate_sequence_number,
    "aggregateType": lambda event: event.aggregate_type,
    "payloadType": lambda event: event.payload.type,
    "payloadRevision": lambda event: event.payload.revision,
    "payloadData": lambda event: text_from(event.payload.data),
    "timestamp": lambda event: event.timestamp,
    "metaData": meta_data,
}


def row_response(answer: Answer) -> bytes:
    """Return the message that holds a row; one that takes a row away has no values."""
    return event_pb2.QueryEventsResponse(
        row=event_pb2.RowResponse(
            id_values=map(query_value, answer.identity),
            sort_values=map(query_value, answer.sort_values),
            values={column: query_value(value) for column, value in (answer.cells or {}).items()},
        )
    ).SerializeToString()


def query_value(value: Shown) -> event_pb2.QueryValue:
    """Return a cell as the API carries it."""
    match value:
        case None:
            return event_pb2.QueryValue()
        case bool():
            return event_pb2.QueryValue(boolean_value=value)
        case int():
            return event_pb2.QueryValue(number_value=value)
        case float():
            return event_pb2.QueryValue(double_value=value)
        case str():
            return event_pb2.QueryValue(text_value=value)
