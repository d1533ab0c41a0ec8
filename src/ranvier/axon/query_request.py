"""What the node reads of a query, and the little that it may change in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from google.protobuf.message import DecodeError

from ranvier.axon.errors import BrokenMessage, MessageTooLarge
from ranvier.axon.metadata_text import texts_of
from ranvier.proto import common_pb2, query_pb2
from ranvier.services.running_query import AskedQuery, QueryHints
from ranvier.wire.grpc.server_call import ServerCall

QueryRequest = query_pb2.QueryRequest
query_from_bytes = QueryRequest.FromString

PRIORITY: Final = common_pb2.PRIORITY
TIMEOUT: Final = common_pb2.TIMEOUT
CLIENT_SUPPORTS_STREAMING: Final = common_pb2.CLIENT_SUPPORTS_STREAMING

TRUE: Final = common_pb2.MetaDataValue(boolean_value=True).SerializeToString()
"""Bytes without which no message has a hint that is true."""

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

LARGE_BYTES: Final = 64 * 1024
"""Shorter messages are not measured: no limit of a message is lower."""

GROWTH_BYTES: Final = 64
"""What a query grows by, at most, on its way to a handler: envelopes and the node's hints."""


def refuse_long(call: ServerCall, message: bytes) -> None:
    """Raise `MessageTooLarge` for what a handler's client would not take and end its stream for."""
    size = len(message)
    if size > LARGE_BYTES:
        limit = call.host.limits.message_bytes_out - GROWTH_BYTES
        if size > limit:
            raise MessageTooLarge(size, limit)


def asked_query(context: str, message: bytes) -> AskedQuery:
    """Return a query with what decides its way; raises `BrokenMessage`."""
    try:
        request = query_from_bytes(message)
    except DecodeError:
        raise BrokenMessage("QueryRequest") from None
    # Looked at one by one, two hints take 1.2 µs; most queries have others than this one.
    return AskedQuery(
        context,
        request.message_identifier,
        request.query,
        message,
        lambda: texts_of(request.meta_data),
        lambda: hints_of(request),
        TRUE in message and is_streaming(request),
    )


def hints_of(request: query_pb2.QueryRequest) -> QueryHints:
    """Return what a query says of its place in a queue; a `TIMEOUT` of 0 or less counts as none."""
    hints = QueryHints()
    for instruction in request.processing_instructions:
        number = instruction.value.number_value
        if instruction.key == PRIORITY:
            hints = hints._replace(priority=number)
        elif instruction.key == TIMEOUT and number > 0:
            hints = hints._replace(timeout_ms=number)
    return hints


def is_streaming(request: query_pb2.QueryRequest) -> bool:
    """Tell whether the caller asks for results by demand."""
    return any(
        instruction.value.boolean_value
        for instruction in request.processing_instructions
        if instruction.key == CLIENT_SUPPORTS_STREAMING
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
