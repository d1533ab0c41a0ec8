"""Queries between Python programs by way of a real node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import count

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import Hub, Message
from ranvier.client.errors import ConnectionLost, HubError, NoQueryHandler, QueryFailed

numbers = count()


def a_name() -> str:
    """Return a query name that no other test uses."""
    return f"query-{next(numbers)}"


@asynccontextmanager
async def component(node: NodeProcess, name: str) -> AsyncIterator[Hub]:
    async with ranvier.connect(node.grpc_address, component_name=name) as hub:
        yield hub


async def test_one_handler_answers_what_is_asked(hub: Hub, node: NodeProcess) -> None:
    plain, later = a_name(), a_name()
    async with component(node, "shop") as shop:

        @shop.queries.handler(plain)
        def square(number: int, message: Message) -> int:
            assert message.metadata == {"user": "ada"}
            return number * number

        @shop.queries.handler(later)
        async def square_later(number: int) -> int:
            await asyncio.sleep(0)
            return number * number

        await shop.queries.ready()
        answer = await hub.queries.ask(plain, 7, result_type=int, metadata={"user": "ada"})
        assert answer == 49
        assert await hub.queries.ask(later, 8) == 64
        answers = await asyncio.gather(*(hub.queries.ask(later, n) for n in range(500)))
        assert answers == [n * n for n in range(500)]


async def test_5000_is_said_where_nobody_answers(hub: Hub) -> None:
    with pytest.raises(NoQueryHandler) as error:
        await hub.queries.ask(a_name())
    assert error.value.code == "AXONIQ-5000"


async def test_what_a_handler_raises_reaches_the_caller(hub: Hub) -> None:
    name = a_name()

    @hub.queries.handler(name)
    async def fail() -> None:
        raise QueryFailed("no such order", code="SHOP-2")

    await hub.queries.ready()
    with pytest.raises(QueryFailed, match="no such order") as error:
        await hub.queries.ask(name)
    assert error.value.code == "SHOP-2"


async def test_scattered_over_components_each_answers_once(hub: Hub, node: NodeProcess) -> None:
    name = a_name()
    async with component(node, "a") as a, component(node, "a") as a2, component(node, "b") as b:
        for each, answer in ((a, 1), (a2, 1), (b, 2)):
            each.queries.handler(name)({1: lambda: 1, 2: lambda: 2}[answer])
            await each.queries.ready()
        assert sorted([each async for each in hub.queries.scatter(name, result_type=int)]) == [1, 2]


async def test_a_stream_is_made_as_it_is_read_and_stops_when_it_is_left(
    hub: Hub, node: NodeProcess
) -> None:
    name = a_name()
    made, closed = 0, asyncio.Event()
    async with component(node, "shop") as shop:

        @shop.queries.handler(name)
        async def endless() -> AsyncIterator[str]:
            nonlocal made
            try:
                while True:
                    made += 1
                    yield "x" * 10_000
            finally:
                closed.set()

        await shop.queries.ready()
        async with aclosing(hub.queries.stream(name, result_type=str)) as results:
            seen = 0
            async for _ in results:
                seen += 1
                if seen == 100:
                    break
        await asyncio.wait_for(closed.wait(), 60)
        assert made < 10_000


async def test_a_finite_stream_ends_by_itself(hub: Hub) -> None:
    name = a_name()

    @hub.queries.handler(name)
    async def numbers_to(limit: int) -> AsyncIterator[int]:
        for number in range(limit):
            yield number

    await hub.queries.ready()
    got = [each async for each in hub.queries.stream(name, 1_000, result_type=int)]
    assert got == list(range(1_000))


async def test_a_subscription_misses_no_update_and_ends_with_its_handler(
    hub: Hub, node: NodeProcess
) -> None:
    name = a_name()
    async with component(node, "market") as market:

        @market.queries.handler(name)
        def price_of(currency: str) -> str:
            return f"{currency} 0"

        await market.queries.ready()
        async with hub.queries.subscribe(name, "USD", updates_ahead=4) as live:
            assert await live.initial_result() == "USD 0"
            for number in range(100):
                wanted = await market.queries.emit(name, number, where=lambda asked: asked == "USD")
                assert wanted == 1
                assert await market.queries.emit(name, -1, where=lambda asked: asked == "GBP") == 0
                assert await anext(live) == number
            market.queries.complete(name)
            assert [each async for each in live] == []


async def test_a_subscription_that_its_handler_ends_by_an_error(
    hub: Hub, node: NodeProcess
) -> None:
    name = a_name()
    async with component(node, "market") as market:
        market.queries.handler(name)(lambda: 0)
        await market.queries.ready()
        async with hub.queries.subscribe(name) as live:
            assert await live.initial_result() == 0
            market.queries.complete_exceptionally(name, QueryFailed("shut", code="SHOP-3"))
            with pytest.raises(QueryFailed, match="shut") as error:
                await anext(live)
            assert error.value.code == "SHOP-3"


async def test_a_subscriber_who_leaves_is_no_longer_told(hub: Hub, node: NodeProcess) -> None:
    name = a_name()
    async with component(node, "market") as market:
        market.queries.handler(name)(lambda: 0)
        await market.queries.ready()
        async with hub.queries.subscribe(name) as live:
            assert await live.initial_result() == 0
            assert await market.queries.emit(name, 1) == 1
        # The end of the subscription comes to the market behind the answer to a later question.
        async with asyncio.timeout(60):
            while await market.queries.emit(name, 2):
                assert await hub.queries.ask(name) == 0


async def test_5000_ends_a_subscription_without_a_handler(hub: Hub) -> None:
    async with hub.queries.subscribe(a_name()) as live:
        with pytest.raises(NoQueryHandler):
            await live.initial_result()
        with pytest.raises(NoQueryHandler):
            await anext(live)


async def test_a_subscription_ends_aloud_with_its_connection(node: NodeProcess) -> None:
    name = a_name()
    async with component(node, "market") as market, component(node, "trader") as trader:
        market.queries.handler(name)(lambda: 0)
        await market.queries.ready()
        async with trader.queries.subscribe(name) as live:
            assert await live.initial_result() == 0
            channel = trader.connection.channel
            assert channel is not None
            await channel.close()
            with pytest.raises(ConnectionLost):
                await anext(live)
        await trader.connection.wait_connected()
        assert await trader.queries.ask(name) == 0


async def test_query_handlers_come_back_with_the_connection(hub: Hub, node: NodeProcess) -> None:
    name = a_name()
    async with component(node, "shop") as shop:
        shop.queries.handler(name)(lambda: 1)
        await shop.queries.ready()
        channel = shop.connection.channel
        assert channel is not None
        await channel.close()
        await shop.connection.wait_connected()
        await shop.queries.ready()
        assert await hub.queries.ask(name) == 1


async def test_a_caller_that_never_reads_updates_is_ended_and_the_others_go_on(
    hub: Hub, node: NodeProcess
) -> None:
    name = a_name()
    async with component(node, "market") as market, component(node, "trader") as trader:
        market.queries.handler(name)(lambda: 0)
        await market.queries.ready()
        async with (
            trader.queries.subscribe(name, updates_ahead=1) as idle,
            hub.queries.subscribe(name) as eager,
        ):
            assert await idle.initial_result() == 0
            assert await eager.initial_result() == 0
            for number in range(1_200):
                await market.queries.emit(name, number)
                assert await anext(eager) == number
            assert await anext(idle) == 0
            with pytest.raises(HubError):
                assert len([each async for each in idle]) < 1_200
