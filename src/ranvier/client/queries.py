"""Queries: ask one handler, all of them, for a stream, or for updates; and handle them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, Unpack, overload

from ranvier.client.arguments import refused_argument
from ranvier.client.codec import Codec
from ranvier.client.connection import Connection
from ranvier.client.error_mapping import error_from_answer, translated
from ranvier.client.errors import QueryFailed
from ranvier.client.first_answer import FirstAnswer
from ranvier.client.handler_stream import Subscription
from ranvier.client.handlers import handler_from
from ranvier.client.live_query import UPDATES_AHEAD, LiveQuery
from ranvier.client.message import MessageIds
from ranvier.client.payload import (
    NO_METADATA,
    MetadataMapping,
    fill,
    payload_from,
    wire_metadata,
)
from ranvier.client.query_dialect import QUERY_SERVICE
from ranvier.client.query_handlers import QueryHandlers
from ranvier.client.query_updates import Where
from ranvier.client.sending import (
    TIMEOUT_SECONDS,
    AskOptions,
    add_hints,
    check_options,
    name_and_value,
    now_milliseconds,
)
from ranvier.proto import common_pb2, query_pb2
from ranvier.wire.grpc.channel import Channel

Function = TypeVar("Function", bound=Callable[..., Any])
T = TypeVar("T")

ONE, ALL = (
    common_pb2.ProcessingInstruction(
        key=common_pb2.NR_OF_RESULTS, value=common_pb2.MetaDataValue(number_value=count)
    )
    for count in (1, -1)
)
ON_DEMAND = common_pb2.ProcessingInstruction(
    key=common_pb2.CLIENT_SUPPORTS_STREAMING, value=common_pb2.MetaDataValue(boolean_value=True)
)


class Queries:
    """`ask`, `scatter`, `stream` and `subscribe` read; `handler` offers to answer."""

    def __init__(self, connection: Connection, codec: Codec, ids: MessageIds) -> None:
        self._connection = connection
        self._codec = codec
        self._ids = ids
        self._handlers = QueryHandlers(connection, codec, ids)

    def handler(
        self, name: str, *, payload_type: Any = None, result_name: str = ""
    ) -> Callable[[Function], Function]:
        """Offer the decorated function as handler of queries of this name.

        Arguments are as for commands. What it returns is the one result; a generator, async or
        plain, gives many. To a caller who streams they go as he asks for them, and the generator is
        closed when he has enough.
        """

        def offer(function: Function) -> Function:
            handler = handler_from(function, payload_type)
            subscription = Subscription(name, handler, result_name=result_name)
            self._handlers.subscriptions.add(subscription)
            return function

        return offer

    async def ready(self) -> None:
        """Wait until the hub has confirmed all handlers; HandlerUnusable if it refuses one."""
        await self._handlers.subscriptions.ready()

    async def unsubscribe(self, name: str) -> None:
        """Withdraw a handler: when this returns no further query comes; running ones go on."""
        await self._handlers.subscriptions.remove(name)

    @overload
    async def ask(
        self, query: object, payload: object = None, **options: Unpack[AskOptions]
    ) -> Any: ...

    @overload
    async def ask(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: type[T],
        **options: Unpack[AskOptions],
    ) -> T: ...

    @overload
    async def ask(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: object,
        **options: Unpack[AskOptions],
    ) -> Any: ...

    async def ask(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: Any = Any,
        **options: Unpack[AskOptions],
    ) -> Any:
        """Return the result of one handler, decoded to `result_type`.

        `ask("orders.find", 7)` names the query; `ask(find)` takes the name of its type. Raises
        NoQueryHandler; QueryFailed for what the handler raised; ConnectionLost, DeadlinePassed.
        """
        request = self._request(query, payload, options, ONE)
        message = request.SerializeToString()
        self._connection.refuse_too_long(message)
        timeout_seconds = options.get("timeout_seconds", TIMEOUT_SECONDS)

        async def attempt(channel: Channel) -> query_pb2.QueryResponse:
            answer = FirstAnswer()
            call = channel.open(
                f"/{QUERY_SERVICE}/Query",
                answer,
                metadata=self._connection.metadata,
                timeout_seconds=timeout_seconds,
            )
            call.send(message, is_last=True)
            try:
                return await answer.response
            finally:
                call.cancel()

        return self._value(await self._connection.repeated(attempt), result_type)

    @overload
    def scatter(
        self, query: object, payload: object = None, **options: Unpack[AskOptions]
    ) -> AsyncGenerator[Any, None]: ...

    @overload
    def scatter(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: type[T],
        **options: Unpack[AskOptions],
    ) -> AsyncGenerator[T, None]: ...

    @overload
    def scatter(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: object,
        **options: Unpack[AskOptions],
    ) -> AsyncGenerator[Any, None]: ...

    def scatter(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: Any = Any,
        **options: Unpack[AskOptions],
    ) -> AsyncGenerator[Any, None]:
        """Ask one handler of every component; yield their results as they come.

        Where some fail and others answer, the hub passes on the answers only.
        """
        return self._results(self._request(query, payload, options, ALL), result_type, options)

    @overload
    def stream(
        self, query: object, payload: object = None, **options: Unpack[AskOptions]
    ) -> AsyncGenerator[Any, None]: ...

    @overload
    def stream(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: type[T],
        **options: Unpack[AskOptions],
    ) -> AsyncGenerator[T, None]: ...

    @overload
    def stream(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: object,
        **options: Unpack[AskOptions],
    ) -> AsyncGenerator[Any, None]: ...

    def stream(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: Any = Any,
        **options: Unpack[AskOptions],
    ) -> AsyncGenerator[Any, None]:
        """Yield the results of one handler, which makes them no faster than they are read.

        Leave the loop and the handler is told to stop; `contextlib.aclosing` does so at once.
        """
        request = self._request(query, payload, options, ON_DEMAND)
        return self._results(request, result_type, options)

    @asynccontextmanager
    async def subscribe(
        self,
        query: object,
        payload: object = None,
        *,
        result_type: Any = Any,
        update_type: Any = Any,
        **options: Unpack[AskOptions],
    ) -> AsyncIterator[LiveQuery[Any, Any]]:
        """Ask a query and subscribe to its updates until the block ends.

        `updates_ahead` bounds the updates that wait here to be read.
        """
        request = self._request(query, payload, options, ONE)
        live: LiveQuery[Any, Any] = LiveQuery(
            self._codec,
            request,
            (result_type, update_type),
            options.get("updates_ahead", UPDATES_AHEAD),
        )
        await self._connection.ready_channel()
        live.opened(self._connection.open(QUERY_SERVICE, "Subscription", live))
        try:
            yield live
        finally:
            live.close()

    async def emit(
        self,
        name: str,
        update: object,
        *,
        where: Where | None = None,
        metadata: MetadataMapping = NO_METADATA,
    ) -> int:
        """Send an update to whoever has subscribed to queries of this name.

        `where` gets the payload of each such query and says whether it is for it. Waits while a
        server has much to take. Returns the number of subscriptions.
        """
        return await self._handlers.updates.emit(name, update, where, metadata)

    def complete(self, name: str, *, where: Where | None = None) -> int:
        """End the updates of these subscriptions; returns how many they are."""
        return self._handlers.updates.complete(name, where)

    def complete_exceptionally(
        self, name: str, problem: Exception, *, where: Where | None = None
    ) -> int:
        """End the updates of these subscriptions by an error; returns how many they are."""
        return self._handlers.updates.complete_exceptionally(name, problem, where)

    async def close(self) -> None:
        """Withdraw the handlers and let running ones finish; the hub calls it when it closes."""
        await self._handlers.close()

    async def _results(
        self, request: query_pb2.QueryRequest, result_type: Any, options: AskOptions
    ) -> AsyncGenerator[Any, None]:
        data = request.SerializeToString()
        self._connection.refuse_too_long(data)
        with translated():
            call = await self._connection.stream(
                QUERY_SERVICE,
                "Query",
                timeout_seconds=options.get("timeout_seconds", TIMEOUT_SECONDS),
            )
            try:
                await call.write(data)
                call.half_close()
                async for message in call:
                    yield self._value(query_pb2.QueryResponse.FromString(message), result_type)
            finally:
                call.cancel()

    def _value(self, response: query_pb2.QueryResponse, result_type: Any) -> Any:
        if response.error_code:
            raise error_from_answer(response.error_code, response.error_message, QueryFailed)
        return self._codec.decode(payload_from(response.payload), result_type)

    def _request(
        self,
        query: object,
        payload: object,
        options: AskOptions,
        hint: common_pb2.ProcessingInstruction,
    ) -> query_pb2.QueryRequest:
        check_options(options, AskOptions)
        name, value = name_and_value(query, payload)
        content = self._codec.encode(value)
        identity = self._connection.settings.identity
        metadata = wire_metadata(options.get("metadata", NO_METADATA))
        try:
            request = query_pb2.QueryRequest(
                message_identifier=self._ids.next(),
                query=name or content.type,
                timestamp=now_milliseconds(),
                meta_data=metadata,
                processing_instructions=(hint,),
                client_id=identity.client_id,
                component_name=identity.component_name,
            )
            fill(request.payload, content)
        except (ValueError, TypeError) as problem:
            raise refused_argument(problem, {"name": name, "payload type": content.type}) from None
        timeout_seconds = options.get("timeout_seconds", TIMEOUT_SECONDS)
        add_hints(request, options.get("priority", 0), timeout_seconds)
        return request
