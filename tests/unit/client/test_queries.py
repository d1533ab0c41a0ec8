"""Asking: one result, many, a stream, a subscription; and how each of them ends."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

import ranvier
from ranvier.client.errors import (
    ConnectionLost,
    HubError,
    NoQueryHandler,
    QueryFailed,
    QueryTimedOut,
)
from ranvier.proto import common_pb2, query_pb2
from ranvier.wire.http2.errors import ErrorCode
from tests.support.fake_hub import FakeHub, Inbox, fake_hub

Asked = Inbox[query_pb2.QueryRequest]
Subscribed = Inbox[query_pb2.SubscriptionQueryRequest]


def result(value: str, **more: Any) -> query_pb2.QueryResponse:
    return query_pb2.QueryResponse(
        payload=common_pb2.SerializedObject(type="x", data=value.encode()), **more
    )


def failure(code: str) -> query_pb2.QueryResponse:
    return query_pb2.QueryResponse(
        error_code=code, error_message=common_pb2.ErrorMessage(message="no", error_code=code)
    )


def hints(request: query_pb2.QueryRequest) -> dict[int, common_pb2.MetaDataValue]:
    return {each.key: each.value for each in request.processing_instructions}


async def test_a_question_travels_whole_and_its_first_result_is_the_answer() -> None:
    async with fake_hub() as server, ranvier.connect(server.address, component_name="shop") as hub:
        asking = asyncio.create_task(
            hub.queries.ask(
                "find", {"id": 1}, result_type=int, timeout_seconds=2, metadata={"u": "ada"}
            )
        )
        asked = await server.queries.next()
        request = await asked.next()
        assert (request.query, request.component_name) == ("find", "shop")
        assert request.payload.data == b'{"id":1}'
        assert request.meta_data["u"].text_value == "ada"
        assert hints(request)[common_pb2.NR_OF_RESULTS].number_value == 1
        assert hints(request)[common_pb2.TIMEOUT].number_value == 2_000
        asked.send(result("7"))
        assert await asking == 7
        # The caller has what it wants and says so.
        await asyncio.wait_for(asked.closed.wait(), 10)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AXONIQ-5000", NoQueryHandler),
        ("AXONIQ-5006", QueryTimedOut),
        ("AXONIQ-5001", QueryFailed),
        ("SHOP-1", QueryFailed),
    ],
)
async def test_errors_in_band(code: str, kind: type[HubError]) -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        asking = asyncio.create_task(hub.queries.ask("find"))
        (await server.queries.next()).send(failure(code))
        with pytest.raises(kind) as error:
            await asking
        assert error.value.code == code


async def test_an_end_without_a_result_is_a_failure() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        asking = asyncio.create_task(hub.queries.ask("find"))
        (await server.queries.next()).call.finish()
        with pytest.raises(QueryFailed, match="no handler gave a result"):
            await asking


async def test_a_lost_connection_is_told_and_what_was_not_processed_is_asked_again() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        asking = asyncio.create_task(hub.queries.ask("find"))
        (await server.queries.next()).call.stream.reset(ErrorCode.REFUSED_STREAM)
        await server.queries.next()
        for link in server.server.links():
            link.abort()
        with pytest.raises(ConnectionLost):
            await asking


async def test_scattered_results_come_one_by_one() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        results = hub.queries.scatter("find", result_type=int)
        first = asyncio.create_task(anext(results))
        asked = await server.queries.next()
        assert hints(await asked.next())[common_pb2.NR_OF_RESULTS].number_value == -1
        asked.send(result("1"))
        assert await first == 1
        asked.send(result("2"))
        asked.call.finish()
        assert [each async for each in results] == [2]


async def test_a_stream_asks_for_demand_and_is_cancelled_when_left() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        async with aclosing(hub.queries.stream("find", result_type=int)) as results:
            first = asyncio.create_task(anext(results))
            asked = await server.queries.next()
            wanted = hints(await asked.next())[common_pb2.CLIENT_SUPPORTS_STREAMING]
            assert wanted.boolean_value
            asked.send(result("1"))
            assert await first == 1
            assert not asked.closed.is_set()
        await asyncio.wait_for(asked.closed.wait(), 10)


async def test_a_failed_stream_raises_after_the_results_before_it() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        results = hub.queries.stream("find", result_type=int)
        first = asyncio.create_task(anext(results))
        asked = await server.queries.next()
        asked.send(result("1"))
        asked.send(failure("AXONIQ-5001"))
        assert await first == 1
        with pytest.raises(QueryFailed):
            await anext(results)


async def subscription(server: FakeHub, permits: int) -> tuple[Subscribed, str]:
    """Take a subscription query: permits, then the subscription, then the question."""
    stream = await server.subscription_queries.next()
    assert (await stream.next()).flow_control.number_of_permits == permits
    subscribe = (await stream.next()).subscribe
    initial = (await stream.next()).get_initial_result
    assert subscribe == initial
    assert subscribe.subscription_identifier == subscribe.query_request.message_identifier
    return stream, subscribe.subscription_identifier


def answer(subscription_id: str, **what: Any) -> query_pb2.SubscriptionQueryResponse:
    return query_pb2.SubscriptionQueryResponse(subscription_identifier=subscription_id, **what)


def update(value: int) -> query_pb2.QueryUpdate:
    return query_pb2.QueryUpdate(
        payload=common_pb2.SerializedObject(type="int", data=b"%d" % value)
    )


async def test_a_subscription_gives_its_answer_and_updates_and_grants_by_quarters() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        async with hub.queries.subscribe(
            "prices", "EUR", result_type=int, update_type=int, updates_ahead=8
        ) as prices:
            stream, name = await subscription(server, 8)
            stream.send(answer(name, update=update(1)))
            stream.send(answer(name, initial_result=result("0")))
            stream.send(answer(name, update=update(2)))
            assert await prices.initial_result() == 0
            assert [await anext(prices), await anext(prices)] == [1, 2]
            assert (await stream.next()).flow_control.number_of_permits == 2
            stream.send(answer(name, update=update(3)))
            stream.send(answer(name, complete=query_pb2.QueryUpdateComplete()))
            assert [each async for each in prices] == [3]
        assert (await stream.next()).unsubscribe.subscription_identifier == name
        await asyncio.wait_for(stream.closed.wait(), 10)


async def test_a_subscription_that_fails_says_so_after_the_updates_before() -> None:
    async with (
        fake_hub() as server,
        ranvier.connect(server.address) as hub,
        hub.queries.subscribe("prices", update_type=int) as prices,
    ):
        stream, name = await subscription(server, 1_024)
        stream.send(answer(name, initial_result=failure("AXONIQ-5000")))
        stream.send(answer(name, update=update(1)))
        end = query_pb2.QueryUpdateCompleteExceptionally(error_code="AXONIQ-5001")
        stream.send(answer(name, complete_exceptionally=end))
        with pytest.raises(NoQueryHandler):
            await prices.initial_result()
        assert await anext(prices) == 1
        with pytest.raises(QueryFailed):
            await anext(prices)


async def test_a_lost_subscription_is_never_silent() -> None:
    async with (
        fake_hub() as server,
        ranvier.connect(server.address) as hub,
        hub.queries.subscribe("prices") as prices,
    ):
        await subscription(server, 1_024)
        for link in server.server.links():
            link.abort()
        with pytest.raises(ConnectionLost):
            await prices.initial_result()
        with pytest.raises(ConnectionLost):
            await anext(prices)


async def test_a_server_that_exceeds_the_grant_is_cut_off() -> None:
    async with (
        fake_hub() as server,
        ranvier.connect(server.address) as hub,
        hub.queries.subscribe("prices", updates_ahead=2) as prices,
    ):
        stream, name = await subscription(server, 2)
        for number in range(5):
            stream.send(answer(name, update=update(number)))
        await asyncio.wait_for(stream.closed.wait(), 10)
        assert [await anext(prices) for _ in range(4)] == [0, 1, 2, 3]
        with pytest.raises(QueryFailed, match="more updates than it was granted"):
            await anext(prices)
