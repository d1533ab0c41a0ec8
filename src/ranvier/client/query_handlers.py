"""The handler side of queries: results, streams on demand, subscription queries."""

from __future__ import annotations

import asyncio
from typing import Any

from ranvier.client.codec import Codec
from ranvier.client.connection import Connection
from ranvier.client.errors import NoQueryHandler, Overloaded, QueryFailed
from ranvier.client.handler_stream import HandlerStream, Subscription
from ranvier.client.message import Message, MessageIds
from ranvier.client.payload import metadata_from, payload_from
from ranvier.client.query_answers import QueryAnswers
from ranvier.client.query_dialect import Inbound, Outbound, QueryDialect
from ranvier.client.query_run import QueryRun, log_failure, results_of
from ranvier.client.query_updates import OpenSubscription, QueryUpdates
from ranvier.client.subscriptions import Subscriptions
from ranvier.client.workshop import WAITED_FOR_CANCELLED, Workshop, is_being_cancelled
from ranvier.proto import common_pb2, query_pb2

STREAMING = frozenset({common_pb2.SERVER_SUPPORTS_STREAMING, common_pb2.CLIENT_SUPPORTS_STREAMING})


class QueryHandlers:
    """Runs handlers: plain functions at once in the event loop, all others as tasks."""

    def __init__(self, connection: Connection, codec: Codec, ids: MessageIds) -> None:
        self._codec = codec
        identity, handling = connection.settings.identity, connection.settings.handling
        self._answers = QueryAnswers(codec, ids, identity)
        self.updates = QueryUpdates(self._answers)
        self._workshop = Workshop(handling.concurrency)
        # A stream on demand waits for its caller: it must not take the place of one that works.
        self._on_demand = Workshop(handling.permits)
        self._waiting_max = 2 * handling.permits
        self._grace_seconds = handling.grace_seconds
        self._runs: dict[tuple[HandlerStream, str], QueryRun] = {}
        self.subscriptions = Subscriptions(
            connection, QueryDialect(identity), handling.permits, self._received
        )
        self.subscriptions.on_stream_ended = self._stream_ended

    async def close(self) -> None:
        """Withdraw the handlers, let what runs finish within the grace, end the stream."""
        await self.subscriptions.close(self._finish)

    async def _finish(self) -> None:
        await asyncio.gather(
            self._workshop.finish(self._grace_seconds), self._on_demand.finish(self._grace_seconds)
        )

    def _stream_ended(self, stream: HandlerStream) -> None:
        self.updates.stream_ended(stream)
        for key, run in list(self._runs.items()):
            if key[0] is stream:
                run.cancel()

    def _received(self, stream: HandlerStream, kind: str, inbound: Inbound) -> None:
        if kind == "subscription_query_request":
            self._subscription_received(stream, inbound.subscription_query_request)
            return
        stream.taken()
        if kind == "query":
            self._query_received(stream, inbound.query)
            return
        # A server may count these, too; permits too many do no harm, permits too few do.
        stream.handled()
        if kind == "query_cancel":
            self._cancel(stream, inbound.query_cancel.request_id)
        else:
            demand = inbound.query_flow_control
            run = self._runs.get((stream, demand.query_reference.request_id))
            if run is not None:
                run.demand(demand.permits)

    def _query_received(self, stream: HandlerStream, query: query_pb2.QueryRequest) -> None:
        message = message_from(query)
        subscription = self.subscriptions.find(message.name)
        if subscription is None:
            problem = NoQueryHandler("this client has no handler of that name any more")
            response = self._answers.failure(message.id, problem)
            response.error_code = problem.code
            self._answer(stream, message, response)
        elif subscription.handler.is_coroutine or subscription.handler.is_stream:
            self._start(stream, subscription, message, is_on_demand=is_streaming(query))
        else:
            self._answer_now(stream, subscription, message)

    def _start(
        self,
        stream: HandlerStream,
        subscription: Subscription,
        message: Message,
        *,
        is_on_demand: bool,
    ) -> None:
        run = QueryRun(stream, message, is_on_demand=is_on_demand)
        key = (stream, message.id)
        self._runs[key] = run

        async def job() -> None:
            try:
                await run.run(subscription.handler, self._codec, self._answers)
            finally:
                self._runs.pop(key, None)
                stream.handled()

        (self._on_demand if is_on_demand else self._workshop).submit(job)

    def _cancel(self, stream: HandlerStream, request_id: str) -> None:
        run = self._runs.get((stream, request_id))
        if run is not None:
            run.cancel()

    def _answer_now(
        self, stream: HandlerStream, subscription: Subscription, message: Message
    ) -> None:
        try:
            value = subscription.handler.call(self._codec, message)
            self._answer(stream, message, self._answers.result(message.id, value))
        except Exception as problem:  # whatever a handler raises is the query's answer
            log_failure(message, problem)
            self._answer(stream, message, self._answers.failure(message.id, problem))

    def _answer(
        self, stream: HandlerStream, message: Message, response: query_pb2.QueryResponse
    ) -> None:
        stream.send(Outbound(query_response=response).SerializeToString())
        stream.send(self._answers.complete(message.id))
        stream.handled()

    # Subscription queries.

    def _subscription_received(
        self, stream: HandlerStream, request: query_pb2.SubscriptionQueryRequest
    ) -> None:
        kind = request.WhichOneof("request")
        if kind == "subscribe":
            self._subscribe(stream, request.subscribe)
        elif kind == "unsubscribe":
            self.updates.unsubscribed(stream, request.unsubscribe.subscription_identifier)
        elif kind == "get_initial_result":
            self._initial_asked(stream, request.get_initial_result)

    def _subscribe(self, stream: HandlerStream, asked: query_pb2.SubscriptionQuery) -> None:
        message = message_from(asked.query_request)
        subscription = self.subscriptions.find(message.name)
        try:
            wanted = Any if subscription is None else subscription.handler.wanted
            query = self._codec.decode(message.payload, wanted)
        except Exception as problem:  # a codec of the user's may raise anything
            self.updates.refuse(stream, asked.subscription_identifier, problem)
            return
        self.updates.subscribed(
            OpenSubscription(stream, asked.subscription_identifier, message.name, query)
        )

    def _initial_asked(self, stream: HandlerStream, asked: query_pb2.SubscriptionQuery) -> None:
        # These take no permits, so nothing else bounds them.
        if self._workshop.waiting_count < self._waiting_max:
            self._workshop.submit(lambda: self._initial_result(stream, asked))
            return
        problem = Overloaded(f"more than {self._waiting_max} queries wait at this client")
        failure = self._answers.failure(asked.query_request.message_identifier, problem)
        self._send_initial(stream, asked, failure)

    async def _initial_result(
        self, stream: HandlerStream, asked: query_pb2.SubscriptionQuery
    ) -> None:
        message = message_from(asked.query_request)
        try:
            response = self._answers.result(message.id, await self._whole_result(message))
            self._send_initial(stream, asked, response)
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            problem = QueryFailed(WAITED_FOR_CANCELLED)
            self._send_initial(stream, asked, self._answers.failure(message.id, problem))
        except Exception as problem:  # whatever a handler raises is the query's answer
            log_failure(message, problem)
            self._send_initial(stream, asked, self._answers.failure(message.id, problem))

    def _send_initial(
        self,
        stream: HandlerStream,
        asked: query_pb2.SubscriptionQuery,
        response: query_pb2.QueryResponse,
    ) -> None:
        stream.send(
            self._answers.for_subscription(asked.subscription_identifier, initial_result=response)
        )

    async def _whole_result(self, message: Message) -> Any:
        """Return the one result, or all results of a generator as a list."""
        subscription = self.subscriptions.find(message.name)
        if subscription is None:
            raise NoQueryHandler("this client has no handler of that name any more")
        handler = subscription.handler
        results = [each async for each in results_of(handler, self._codec, message)]
        return results if handler.is_stream else results[0]


def message_from(query: query_pb2.QueryRequest) -> Message:
    """Return a query for a handler."""
    return Message(
        id=query.message_identifier,
        name=query.query,
        payload=payload_from(query.payload),
        metadata=metadata_from(query.meta_data),
        client_id=query.client_id,
        component_name=query.component_name,
    )


def is_streaming(query: query_pb2.QueryRequest) -> bool:
    """Tell whether caller and server both ask for results on demand."""
    agreed = {each.key for each in query.processing_instructions if each.value.boolean_value}
    return agreed >= STREAMING
