"""Answering: one result, many, on demand; subscriptions and their updates; an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import ranvier
from ranvier.client import Answer, HandlingSettings
from ranvier.client.errors import QueryFailed
from ranvier.proto import common_pb2, query_pb2
from tests.support.fake_hub import FakeHub, Inbox, fake_hub

Outbound = query_pb2.QueryProviderOutbound
Inbound = query_pb2.QueryProviderInbound
Stream = Inbox[Outbound]
STREAMING = tuple(
    common_pb2.ProcessingInstruction(key=key, value=common_pb2.MetaDataValue(boolean_value=True))
    for key in (common_pb2.CLIENT_SUPPORTS_STREAMING, common_pb2.SERVER_SUPPORTS_STREAMING)
)


def request(
    number: int, name: str = "count", data: bytes = b"3", *, streams: bool = False
) -> query_pb2.QueryRequest:
    return query_pb2.QueryRequest(
        message_identifier=f"q-{number}",
        query=name,
        payload=common_pb2.SerializedObject(type="int", data=data),
        processing_instructions=STREAMING if streams else (),
    )


async def handler_stream(server: FakeHub) -> Stream:
    stream = await server.query_handlers.next()
    await stream.until(lambda sent: sent.HasField("subscribe"))
    return stream


async def answers(stream: Stream, request_id: str = "q-1") -> list[str]:
    """Return the results of a query, or the code of an error, up to its end."""
    said: list[str] = []
    while True:
        sent = await stream.next()
        if sent.HasField("query_response"):
            assert sent.query_response.request_identifier == request_id
            response = sent.query_response
            said.append(response.error_code or response.payload.data.decode())
        elif sent.HasField("query_complete"):
            assert sent.query_complete.request_id == request_id
            return said


def one(count: int) -> Answer:
    return Answer(count, {"by": "shop"})


async def one_later(count: int) -> int:
    await asyncio.sleep(0)
    return count


def many(count: int) -> Iterator[int]:
    yield from range(count)


async def many_later(count: int) -> AsyncIterator[int]:
    for number in range(count):
        await asyncio.sleep(0)
        yield number


def broken(count: int) -> int:
    raise QueryFailed("none", code="SHOP-1")


async def broken_half_way(count: int) -> AsyncIterator[int]:
    yield 0
    raise ZeroDivisionError


def too_much(count: int) -> str:
    return "x" * 5_000_000


async def too_much_later(count: int) -> str:
    return too_much(count)


async def cut_off(count: int) -> None:
    waited = asyncio.ensure_future(asyncio.Event().wait())
    waited.cancel()
    await waited


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (too_much, ["AXONIQ-5001"]),
        (too_much_later, ["AXONIQ-5001"]),
        (cut_off, ["AXONIQ-5001"]),
        (one, ["3"]),
        (one_later, ["3"]),
        (many, ["0", "1", "2"]),
        (many_later, ["0", "1", "2"]),
        (broken, ["SHOP-1"]),
        (broken_half_way, ["0", "AXONIQ-5001"]),
    ],
)
async def test_every_kind_of_function_answers_and_ends(function: Any, said: list[str]) -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("count", result_name="int")(function)
        await hub.queries.ready()
        stream = await server.query_handlers.next()
        assert (await stream.next()).flow_control.permits == 5_000
        offered = (await stream.next()).subscribe
        assert (offered.query, offered.result_name) == ("count", "int")
        stream.send(Inbound(query=request(1)))
        assert await answers(stream) == said


@pytest.mark.parametrize("function", [too_much, cut_off])
async def test_an_initial_result_that_cannot_be_sent_is_an_error(function: Any) -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("prices")(function)
        stream = await handler_stream(server)
        stream.send(about("s-1", "get_initial_result", b"3"))
        initial = (await next_response(stream)).initial_result
        assert initial.error_code == "AXONIQ-5001"
        assert "over the limit" in (said := initial.error_message.message) or "cancelled" in said


async def test_5000_answers_a_query_without_a_handler_here() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("count")(one)
        stream = await handler_stream(server)
        stream.send(Inbound(query=request(1, "other")))
        assert await answers(stream) == ["AXONIQ-5000"]


def demand(count: int) -> Inbound:
    return Inbound(
        query_flow_control=query_pb2.QueryFlowControl(
            query_reference=query_pb2.QueryReference(request_id="q-1"), permits=count
        )
    )


async def test_a_stream_gives_what_is_asked_for_and_stops_when_cancelled() -> None:
    closed = asyncio.Event()
    made = 0

    async def endless() -> AsyncIterator[int]:
        nonlocal made
        try:
            while True:
                made += 1
                yield made
        finally:
            closed.set()

    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("count")(endless)
        stream = await handler_stream(server)
        stream.send(Inbound(query=request(1, streams=True)))
        for granted in (2, 1):
            stream.send(demand(granted))
            for _ in range(granted):
                assert (await stream.next()).HasField("query_response")
        assert made <= 4
        stream.send(Inbound(query_cancel=query_pb2.QueryReference(request_id="q-1")))
        await asyncio.wait_for(closed.wait(), 10)
        # What was not asked for was not sent, and nothing is said after a cancel.
        hub.queries.handler("one")(one)
        assert (await stream.next()).HasField("subscribe")


async def test_without_both_hints_all_results_are_sent_at_once() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("count")(many)
        stream = await handler_stream(server)
        asked = request(1, streams=True)
        del asked.processing_instructions[1]
        stream.send(Inbound(query=asked))
        assert await answers(stream) == ["0", "1", "2"]


def about(subscription_id: str, kind: str, data: bytes = b'"EUR"') -> Inbound:
    subscription = query_pb2.SubscriptionQuery(
        subscription_identifier=subscription_id, query_request=request(1, "prices", data)
    )
    wrapped = query_pb2.SubscriptionQueryRequest(**{kind: subscription})
    return Inbound(subscription_query_request=wrapped)


async def next_response(stream: Stream) -> query_pb2.SubscriptionQueryResponse:
    sent = await stream.until(lambda one: one.HasField("subscription_query_response"))
    return sent.subscription_query_response


async def test_subscriptions_get_their_answer_updates_and_end() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:

        @hub.queries.handler("prices")
        async def prices(currency: str) -> str:
            return f"{currency} 1"

        stream = await handler_stream(server)
        stream.send(about("s-1", "subscribe"))
        stream.send(about("s-2", "subscribe", b'"USD"'))
        stream.send(about("s-1", "get_initial_result"))
        initial = await next_response(stream)
        assert initial.subscription_identifier == "s-1"
        assert initial.initial_result.payload.data == b'"EUR 1"'

        assert await hub.queries.emit("prices", 2, metadata={"n": 1}) == 2
        seen = {(await next_response(stream)).subscription_identifier for _ in range(2)}
        assert seen == {"s-1", "s-2"}
        assert await hub.queries.emit("prices", 3, where=lambda asked: asked == "USD") == 1
        response = await next_response(stream)
        assert response.subscription_identifier == "s-2"
        assert response.update.payload.data == b"3"
        assert await hub.queries.emit("rates", 4) == 0

        assert hub.queries.complete("prices", where=lambda asked: asked == "EUR") == 1
        assert (await next_response(stream)).HasField("complete")
        assert hub.queries.complete_exceptionally("prices", QueryFailed("shut")) == 1
        end = await next_response(stream)
        assert end.complete_exceptionally.error_message.message == "shut"
        assert await hub.queries.emit("prices", 5) == 0


async def test_an_unsubscribed_caller_gets_no_further_update() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("prices")(lambda: 1)
        stream = await handler_stream(server)
        stream.send(about("s-1", "subscribe"))
        stream.send(about("s-1", "unsubscribe"))
        stream.send(about("s-1", "get_initial_result"))
        assert (await next_response(stream)).HasField("initial_result")
        assert await hub.queries.emit("prices", 1) == 0


async def test_a_subscription_that_cannot_be_read_is_refused() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("prices", payload_type=int)(lambda currency: currency)
        stream = await handler_stream(server)
        stream.send(about("s-1", "subscribe"))
        end = (await next_response(stream)).complete_exceptionally
        assert end.error_code == "AXONIQ-5001"
        assert "PayloadUnreadable" in end.error_message.message


async def test_what_a_lost_stream_brought_is_forgotten() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("prices")(lambda: 1)
        stream = await handler_stream(server)
        stream.send(about("s-1", "subscribe"))
        stream.send(about("s-1", "get_initial_result"))
        await next_response(stream)
        for link in server.server.links():
            link.abort()
        await handler_stream(server)
        assert await hub.queries.emit("prices", 1) == 0


async def test_at_the_end_running_queries_finish() -> None:
    begun, release = asyncio.Event(), asyncio.Event()
    async with fake_hub() as server:

        async def program() -> None:
            async with ranvier.connect(server.address) as hub:

                @hub.queries.handler("count")
                async def count() -> int:
                    begun.set()
                    await release.wait()
                    return 1

                await begun.wait()

        running = asyncio.create_task(program())
        stream = await handler_stream(server)
        stream.send(Inbound(query=request(1)))
        await stream.until(lambda sent: sent.HasField("unsubscribe"))
        release.set()
        assert await answers(stream) == ["1"]
        await asyncio.wait_for(running, 10)


async def test_initial_results_beyond_what_may_wait_are_refused() -> None:
    release = asyncio.Event()
    handling = HandlingSettings(concurrency=1, permits=1)
    async with fake_hub() as server, ranvier.connect(server.address, handling=handling) as hub:

        @hub.queries.handler("prices")
        async def prices(currency: str) -> str:
            await release.wait()
            return currency

        stream = await handler_stream(server)
        for number in range(4):  # one runs, two wait
            stream.send(about(f"s-{number}", "get_initial_result"))
        refused = await next_response(stream)
        assert refused.subscription_identifier == "s-3"
        assert "more than 2 queries wait" in refused.initial_result.error_message.message
        release.set()
        answered = [(await next_response(stream)).subscription_identifier for _ in range(3)]
        assert answered == ["s-0", "s-1", "s-2"]


async def test_what_concerns_no_query_of_this_client_is_passed_over() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        hub.queries.handler("count")(many)
        stream = await handler_stream(server)
        stream.send(demand(-5))
        stream.send(Inbound(query_cancel=query_pb2.QueryReference(request_id="q-9")))
        stream.send(about("s-9", "unsubscribe"))
        stream.send(about("s-9", "flow_control"))
        stream.send(Inbound(query=request(1)))
        assert await answers(stream) == ["0", "1", "2"]
