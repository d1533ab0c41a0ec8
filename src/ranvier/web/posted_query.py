"""The JSON that `POST /v1/queries/run` takes, and the JSON of the results."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from ranvier.messages.errors import MessageError
from ranvier.messages.query_fan_in import QueryResult
from ranvier.proto.common_pb2 import TIMEOUT, ErrorMessage, MetaDataValue
from ranvier.proto.query_pb2 import QueryRequest, QueryResponse
from ranvier.services.running_query import DEFAULT_TIMEOUT_MS, AskedQuery, QueryHints
from ranvier.web.answer_json import answer_json
from ranvier.web.errors import InvalidBody
from ranvier.web.event_json import JsonValue
from ranvier.web.posted_messages import (
    TIMEOUT_MS_MAX,
    PostedMetaData,
    PostedPayload,
    PostingRules,
    decode,
    message_bytes,
    metadata_texts,
    refuse_too_many_values,
    to_meta_data,
    to_payload,
)
from ranvier.web.posted_schema import META_DATA, PAYLOAD, request_body

RESULTS_MAX: Final = 1_000
"""Results in one answer, which is built in memory."""


class PostedQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """One query; a field that is null counts as not given."""

    query: str
    message_identifier: str | None = None
    payload: PostedPayload | None = None
    meta_data: PostedMetaData | None = None
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
            "metaData": META_DATA,
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
        payload=to_payload(posted.payload, "payload"),
        response_type=to_payload(posted.response_type, "responseType"),
        meta_data=to_meta_data(posted.meta_data, ""),
    )
    request.processing_instructions.add(
        key=TIMEOUT, value=MetaDataValue(number_value=posted.timeout)
    )
    texts = metadata_texts(posted.meta_data)
    return AskedQuery(
        context,
        request.message_identifier,
        posted.query,
        message_bytes(request, rules),
        lambda: texts,
        lambda: QueryHints(posted.priority, posted.timeout),
    )


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
    return answer_json(response)
