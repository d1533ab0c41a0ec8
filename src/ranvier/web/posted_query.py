"""The JSON that `POST /v1/queries/run` takes, and the JSON of the results."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from ranvier.messages.errors import MessageError
from ranvier.messages.query_fan_in import QueryResult
from ranvier.proto.command_pb2 import CommandResponse
from ranvier.proto.common_pb2 import TIMEOUT, ErrorMessage, MetaDataValue, SerializedObject
from ranvier.proto.query_pb2 import QueryRequest, QueryResponse
from ranvier.services.running_query import DEFAULT_TIMEOUT_MS, AskedQuery, QueryHints
from ranvier.web.errors import InvalidBody, MessageTooLarge
from ranvier.web.event_json import JsonValue, meta_data_value, serialized_object
from ranvier.web.posted_messages import (
    META_DATA_LIMIT,
    MetaDataEntry,
    PostedPayload,
    PostingRules,
    decode,
    metadata_texts,
    refuse_too_many_values,
    to_meta_data,
    to_serialized,
)
from ranvier.web.posted_schema import PAYLOAD, request_body

TIMEOUT_MS_MAX: Final = 300_000
"""The longest that a request may wait for its results."""

RESULTS_MAX: Final = 1_000
"""Results in one answer, which is built in memory."""


class PostedQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """One query; a field that is null counts as not given."""

    query: str
    message_identifier: str | None = None
    payload: PostedPayload | None = None
    meta_data: (
        Annotated[dict[str, MetaDataEntry], msgspec.Meta(max_length=META_DATA_LIMIT)] | None
    ) = None
    response_type: PostedPayload | None = None
    number_of_results: Annotated[int, msgspec.Meta(ge=1, le=RESULTS_MAX)] | None = None
    timeout: Annotated[int, msgspec.Meta(ge=1, le=TIMEOUT_MS_MAX)] = DEFAULT_TIMEOUT_MS
    """Milliseconds."""
    priority: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] = 0


POSTED_QUERY: Final = request_body(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["query"],
        "properties": {
            "query": {"type": "string"},
            "messageIdentifier": {"type": "string", "description": "Made where not given."},
            "payload": PAYLOAD,
            "metaData": {
                "type": "object",
                "additionalProperties": {"type": ["string", "number", "boolean", "object"]},
            },
            "responseType": PAYLOAD,
            "numberOfResults": {
                "type": "integer",
                "minimum": 1,
                "maximum": RESULTS_MAX,
                "description": "Answer as soon as so many have come; all where not given.",
            },
            "timeout": {
                "type": "integer",
                "minimum": 1,
                "maximum": TIMEOUT_MS_MAX,
                "default": DEFAULT_TIMEOUT_MS,
                "description": "Milliseconds to wait for results.",
            },
            "priority": {"type": "integer", "default": 0, "description": "Higher goes first."},
        },
    },
    {"query": "FindOrders", "payload": {"type": "FindOrders", "data": '{"customer": "ada"}'}},
)


def decode_query(body: bytes) -> PostedQuery:
    """Return the query of a body; raise `InvalidBody` that names the wrong field."""
    refuse_too_many_values(body)
    posted = decode(body, PostedQuery, PostedQuery.__struct_encode_fields__)
    if not posted.query:
        raise InvalidBody("query", "it must name what is asked")
    return posted


def asked_query(context: str, posted: PostedQuery, rules: PostingRules) -> AskedQuery:
    """Return the query as handlers get it; raise `InvalidBody`, `MessageTooLarge`."""
    request = QueryRequest(
        message_identifier=posted.message_identifier or rules.new_message_id(),
        query=posted.query,
        timestamp=rules.time_ms(),
        payload=typed(posted.payload, "payload"),
        response_type=typed(posted.response_type, "responseType"),
        meta_data={
            key: to_meta_data(value, f"metaData.{key}")
            for key, value in (posted.meta_data or {}).items()
        },
    )
    request.processing_instructions.add(
        key=TIMEOUT, value=MetaDataValue(number_value=posted.timeout)
    )
    data = request.SerializeToString()
    if len(data) > rules.message_bytes:
        raise MessageTooLarge(len(data), rules.message_bytes)
    texts = metadata_texts(posted.meta_data)
    return AskedQuery(
        context,
        request.message_identifier,
        posted.query,
        data,
        lambda: texts,
        lambda: QueryHints(posted.priority, posted.timeout),
    )


def typed(payload: PostedPayload | None, path: str) -> SerializedObject | None:
    """Return a payload as it travels; None where there is none."""
    return None if payload is None else to_serialized(payload, path)


def result_json(result: QueryResult, query_id: str, message_id: str) -> dict[str, JsonValue | None]:
    """Return a result as it is shown; `message_id` is for an error of the node itself."""
    if isinstance(result, MessageError):
        response = QueryResponse(
            message_identifier=message_id,
            request_identifier=query_id,
            error_code=result.code,
            error_message=ErrorMessage(message=str(result)),
        )
    else:
        response = QueryResponse.FromString(result)
    shown: dict[str, JsonValue | None] = {
        "messageIdentifier": response.message_identifier,
        "requestIdentifier": response.request_identifier,
        "errorCode": response.error_code or None,
        "errorMessage": error_text(response),
        "payload": serialized_object(response.payload) if response.HasField("payload") else None,
        "metaData": {key: meta_data_value(value) for key, value in response.meta_data.items()},
    }
    return shown


def error_text(response: QueryResponse | CommandResponse) -> dict[str, JsonValue] | None:
    """Return what a response says of its error; None where there is none."""
    if not response.HasField("error_message"):
        return None
    error = response.error_message
    return {
        "message": error.message,
        "location": error.location,
        "details": "\n".join(error.details),
    }
