"""What a handler of queries sends: results, errors, ends and updates, as bytes for its stream."""

from __future__ import annotations

from typing import Any

from ranvier.client.codec import Codec
from ranvier.client.errors import QueryFailed
from ranvier.client.failure_answer import failure_answer
from ranvier.client.message import Answer, MessageIds
from ranvier.client.payload import MetadataMapping, serialized, wire_metadata
from ranvier.client.query_dialect import Outbound
from ranvier.client.settings import ClientIdentity
from ranvier.proto import common_pb2, query_pb2


class QueryAnswers:
    """Makes the messages by which one client answers."""

    def __init__(self, codec: Codec, ids: MessageIds, identity: ClientIdentity) -> None:
        self._codec = codec
        self._ids = ids
        self._identity = identity

    def result(self, request_id: str, value: Any) -> query_pb2.QueryResponse:
        """Return one result; an `Answer` brings metadata."""
        answer = value if isinstance(value, Answer) else Answer(value)
        return query_pb2.QueryResponse(
            message_identifier=self._ids.next(),
            request_identifier=request_id,
            payload=self._content(answer.value),
            meta_data=wire_metadata(answer.metadata),
        )

    def failure(self, request_id: str, problem: Exception) -> query_pb2.QueryResponse:
        """Return what an exception is to the caller."""
        error = self.error(problem)
        return query_pb2.QueryResponse(
            message_identifier=self._ids.next(),
            request_identifier=request_id,
            error_code=error.error_code,
            error_message=error,
        )

    def error(self, problem: Exception) -> common_pb2.ErrorMessage:
        """Return an exception as an error in band."""
        return failure_answer(problem, QueryFailed, self._identity.component_name)

    def complete(self, request_id: str) -> bytes:
        """Say that this handler sends no further result."""
        return Outbound(
            query_complete=query_pb2.QueryComplete(
                message_id=self._ids.next(), request_id=request_id
            )
        ).SerializeToString()

    def update(self, value: Any, metadata: MetadataMapping) -> query_pb2.QueryUpdate:
        """Return an update for any number of subscriptions."""
        return query_pb2.QueryUpdate(
            message_identifier=self._ids.next(),
            payload=self._content(value),
            meta_data=wire_metadata(metadata),
            client_id=self._identity.client_id,
            component_name=self._identity.component_name,
        )

    def end_of_updates(self) -> query_pb2.QueryUpdateComplete:
        """Return what ends the updates of a subscription."""
        return query_pb2.QueryUpdateComplete(
            client_id=self._identity.client_id, component_name=self._identity.component_name
        )

    def failure_of_updates(self, problem: Exception) -> query_pb2.QueryUpdateCompleteExceptionally:
        """Return what ends the updates of a subscription by an error."""
        error = self.error(problem)
        return query_pb2.QueryUpdateCompleteExceptionally(
            client_id=self._identity.client_id,
            component_name=self._identity.component_name,
            error_code=error.error_code,
            error_message=error,
        )

    def for_subscription(self, subscription_id: str, **what: Any) -> bytes:
        """Return one of the above as the answer to a subscription query."""
        return Outbound(
            subscription_query_response=query_pb2.SubscriptionQueryResponse(
                message_identifier=self._ids.next(), subscription_identifier=subscription_id, **what
            )
        ).SerializeToString()

    def _content(self, value: Any) -> common_pb2.SerializedObject | None:
        return None if value is None else serialized(self._codec.encode(value))
