"""What the node reads of a query, and the little that it may change in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ranvier.axon.messages import parsed
from ranvier.axon.metadata_text import texts_of
from ranvier.proto import common_pb2, query_pb2
from ranvier.services.running_query import DEFAULT_TIMEOUT_MS, AskedQuery

QueryRequest = query_pb2.QueryRequest

PRIORITY: Final = common_pb2.PRIORITY
TIMEOUT: Final = common_pb2.TIMEOUT
CLIENT_SUPPORTS_STREAMING: Final = common_pb2.CLIENT_SUPPORTS_STREAMING

STREAMING_ADDED: Final = QueryRequest(
    processing_instructions=[
        common_pb2.ProcessingInstruction(
            key=common_pb2.SERVER_SUPPORTS_STREAMING,
            value=common_pb2.MetaDataValue(boolean_value=True),
        )
    ]
).SerializeToString()
"""Fields that stand behind a message are added to it: what tells a handler that results by demand
are possible all the way."""


def asked_query(context: str, message: bytes) -> AskedQuery:
    """Return a query with what decides its way; raises `BrokenMessage`."""
    request = parsed(QueryRequest, message)
    priority, timeout_ms, is_streaming = 0, DEFAULT_TIMEOUT_MS, False
    for instruction in request.processing_instructions:
        key = instruction.key
        if key == PRIORITY:
            priority = instruction.value.number_value
        elif key == TIMEOUT:
            timeout_ms = instruction.value.number_value
        elif key == CLIENT_SUPPORTS_STREAMING:
            is_streaming = instruction.value.boolean_value
    return AskedQuery(
        context,
        request.message_identifier,
        request.query,
        message,
        metadata_reader(request),
        priority,
        timeout_ms if timeout_ms > 0 else DEFAULT_TIMEOUT_MS,
        is_streaming,
    )


def metadata_reader(request: query_pb2.QueryRequest) -> Callable[[], Mapping[str, str]]:
    """Return what reads the metadata of a query, once it is asked."""
    return lambda: texts_of(request.meta_data)


def query_for_handler(query: AskedQuery, time_left_ms: int | None) -> bytes:
    """Return the bytes that a handler gets: those that came, with the hints of the node.

    Only a query that has waited is encoded anew, with `TIMEOUT` lowered to the time that is left.
    """
    data = query.data if time_left_ms is None else with_timeout(query.data, time_left_ms)
    return data + STREAMING_ADDED if query.is_streaming else data


def with_timeout(data: bytes, timeout_ms: int) -> bytes:
    """Return a query whose only `TIMEOUT` is this one."""
    request = QueryRequest.FromString(data)
    kept = [each for each in request.processing_instructions if each.key != TIMEOUT]
    del request.processing_instructions[:]
    request.processing_instructions.extend(kept)
    request.processing_instructions.add(
        key=TIMEOUT, value=common_pb2.MetaDataValue(number_value=timeout_ms)
    )
    return request.SerializeToString()
