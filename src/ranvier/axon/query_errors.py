"""Errors of the node told in band: as the result of a query, with the code in it."""

from __future__ import annotations

from uuid import uuid4

from ranvier.messages.errors import MessageError
from ranvier.proto import common_pb2, query_pb2


def error_response(query_id: str, error: MessageError) -> query_pb2.QueryResponse:
    """Return the result that tells the caller of a query of this error."""
    return query_pb2.QueryResponse(
        message_identifier=str(uuid4()),
        request_identifier=query_id,
        error_code=error.code,
        error_message=common_pb2.ErrorMessage(message=str(error), error_code=error.code),
    )


def initial_error(query_id: str, error: MessageError) -> query_pb2.SubscriptionQueryResponse:
    """Return the initial result that tells the caller of a subscription query of this error."""
    return query_pb2.SubscriptionQueryResponse(
        message_identifier=str(uuid4()),
        subscription_identifier=query_id,
        initial_result=error_response(query_id, error),
    )
