"""The answer of a handler as JSON, to a command and to a query alike."""

from __future__ import annotations

from ranvier.proto.command_pb2 import CommandResponse
from ranvier.proto.query_pb2 import QueryResponse
from ranvier.web.event_json import JsonValue, meta_data_value, serialized_object


def answer_json(response: QueryResponse | CommandResponse) -> dict[str, JsonValue | None]:
    """Return an answer as it is shown; what it does not have is null."""
    return {
        "messageIdentifier": response.message_identifier,
        "requestIdentifier": response.request_identifier,
        "errorCode": response.error_code or None,
        "errorMessage": error_json(response),
        "payload": serialized_object(response.payload) if response.HasField("payload") else None,
        "metaData": {key: meta_data_value(value) for key, value in response.meta_data.items()},
    }


def error_json(response: QueryResponse | CommandResponse) -> dict[str, JsonValue] | None:
    """Return what an answer says of its error; None where there is none."""
    if not response.HasField("error_message"):
        return None
    error = response.error_message
    return {
        "message": error.message,
        "location": error.location,
        "details": "\n".join(error.details),
    }
