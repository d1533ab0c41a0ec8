"""What a handler of commands cannot send, and what others have of it: nothing."""

from __future__ import annotations

import asyncio

import pytest

import ranvier
from tests.support.fake_hub import fake_hub
from tests.unit.client.test_command_handlers import Place, answer_of, command, handler_stream


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_answer_that_is_too_long_harms_no_other_command(is_async: bool) -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:

        def place(order: Place) -> str:
            return "x" * order.lamps

        async def place_async(order: Place) -> str:
            return place(order)

        hub.commands.handler("place")(place_async if is_async else place)
        stream = await handler_stream(server)
        stream.send(command(1, data=b'{"lamps": 5000000}'))
        refused = await answer_of(stream)
        assert (refused.request_identifier, refused.error_code) == ("c-1", "AXONIQ-4002")
        assert "over the limit" in refused.error_message.message
        stream.send(command(2, data=b'{"lamps": 1}'))
        assert (await answer_of(stream)).payload.data == b'"x"'


async def test_a_handler_that_waited_for_something_cancelled_answers_all_the_same() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:

        @hub.commands.handler("place")
        async def place() -> None:
            waited = asyncio.ensure_future(asyncio.Event().wait())
            waited.cancel()
            await waited

        stream = await handler_stream(server)
        stream.send(command(1))
        answer = await answer_of(stream)
        assert answer.error_code == "AXONIQ-4002"
        assert "cancelled" in answer.error_message.message
