"""Commands between Python programs by way of a real node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import HandlingSettings, Hub, Message
from ranvier.client.errors import (
    CommandFailed,
    HubError,
    NoCommandHandler,
    NotFound,
    OutcomeUnknown,
)

numbers = count()


@dataclass
class Place:
    lamps: int


@dataclass
class Placed:
    order: str
    lamps: int


def a_name() -> str:
    """Return a command name that no other test uses."""
    return f"place-{next(numbers)}"


def saying(text: str) -> Callable[[], str]:
    return lambda: text


async def refusal(sending: Awaitable[object]) -> str:
    """Return the code by which a command fails."""
    try:
        return f"no error but {await sending}"
    except HubError as error:
        return error.code


async def test_a_command_finds_its_handler_and_its_answer_the_way_back(
    hub: Hub, node: NodeProcess
) -> None:
    plain, later = a_name(), a_name()

    @hub.commands.handler(plain)
    def place(order: Place, message: Message) -> Placed:
        return Placed(str(message.metadata["order"]), order.lamps)

    @hub.commands.handler(later)
    async def place_later(order: Place) -> Placed:
        await asyncio.sleep(0)
        return Placed("later", order.lamps)

    await hub.commands.ready()
    async with ranvier.connect(node.grpc_address) as other:
        placed = await other.commands.send(
            plain, Place(3), result_type=Placed, metadata={"order": "o-1"}
        )
        assert placed == Placed("o-1", 3)
        assert await other.commands.send(later, Place(4)) == {"order": "later", "lamps": 4}


async def test_4000_is_said_where_nobody_handles_a_command(hub: Hub) -> None:
    with pytest.raises(NoCommandHandler) as error:
        await hub.commands.send(a_name())
    assert error.value.code == "AXONIQ-4000"
    assert error.value.retry_may_help


async def test_what_a_handler_raises_reaches_the_sender(hub: Hub) -> None:
    name, chosen = a_name(), a_name()

    @hub.commands.handler(name)
    def divide(number: int) -> float:
        return 1 / number

    @hub.commands.handler(chosen)
    async def refuse() -> None:
        raise CommandFailed("sold out", code="SHOP-1", details=["until Monday"])

    await hub.commands.ready()
    with pytest.raises(CommandFailed, match="ZeroDivisionError") as error:
        await hub.commands.send(name, 0)
    assert error.value.code == "AXONIQ-4002"
    with pytest.raises(CommandFailed, match="sold out") as error:
        await hub.commands.send(chosen)
    assert (error.value.code, error.value.details) == ("SHOP-1", ("until Monday",))


async def test_commands_of_one_key_go_to_one_of_two_handlers(node: NodeProcess) -> None:
    name = a_name()
    async with (
        ranvier.connect(node.grpc_address) as first,
        ranvier.connect(node.grpc_address) as second,
    ):
        for hub in (first, second):
            hub.commands.handler(name)(saying(hub.connection.client_id))
            await hub.commands.ready()
        seen: dict[str, set[str]] = {}
        for number in range(60):
            key = f"key-{number % 20}"
            handler = await first.commands.send(name, None, routing_key=key)
            seen.setdefault(key, set()).add(handler)
        assert all(len(handlers) == 1 for handlers in seen.values())
        assert len(set.union(*seen.values())) == 2


async def test_a_withdrawn_handler_gets_nothing_more(hub: Hub) -> None:
    name = a_name()
    hub.commands.handler(name)(lambda: 1)
    await hub.commands.ready()
    assert await hub.commands.send(name) == 1
    await hub.commands.unsubscribe(name)
    with pytest.raises(NoCommandHandler):
        await hub.commands.send(name)


async def test_a_program_that_ends_finishes_what_it_has_begun(hub: Hub, node: NodeProcess) -> None:
    name = a_name()
    subscribed, begun, release = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def program() -> None:
        async with ranvier.connect(node.grpc_address) as other:

            @other.commands.handler(name)
            async def place() -> str:
                begun.set()
                await release.wait()
                return "done"

            await other.commands.ready()
            subscribed.set()
            await begun.wait()

    running = asyncio.create_task(program())
    await subscribed.wait()
    sending = asyncio.create_task(hub.commands.send(name))
    await begun.wait()
    # The handler's program is leaving: it soon takes no second command, and answers the first.
    while await refusal(hub.commands.send(name, timeout_seconds=0.05)) != "AXONIQ-4000":
        pass
    release.set()
    assert await sending == "done"
    await running


async def test_4001_tells_that_a_handler_was_lost_with_the_command(
    hub: Hub, node: NodeProcess
) -> None:
    name = a_name()
    begun = asyncio.Event()
    hasty = HandlingSettings(grace_seconds=0.1)
    async with ranvier.connect(node.grpc_address, handling=hasty) as other:

        @other.commands.handler(name)
        async def place() -> None:
            begun.set()
            await asyncio.Event().wait()

        await other.commands.ready()
        sending = asyncio.create_task(hub.commands.send(name))
        await begun.wait()
        channel = other.connection.channel
        assert channel is not None
        await channel.close()
        with pytest.raises(OutcomeUnknown) as error:
            await sending
        assert error.value.code == "AXONIQ-4001"
        # And the handler is back by itself.
        await other.connection.wait_connected()
        await other.commands.ready()


async def test_an_unknown_context_is_refused_at_once(node: NodeProcess) -> None:
    with pytest.raises(NotFound) as error:
        async with ranvier.connect(node.grpc_address, context="nowhere"):
            pass
    assert error.value.code == "AXONIQ-1302"


async def test_many_commands_at_once_are_each_answered_by_their_own(hub: Hub) -> None:
    name = a_name()

    @hub.commands.handler(name)
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    await hub.commands.ready()
    answers = await asyncio.gather(*(hub.commands.send(name, n) for n in range(2_000)))
    assert answers == [2 * n for n in range(2_000)]
    assert all(not isinstance(each, HubError) for each in answers)
