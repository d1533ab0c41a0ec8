"""What cannot be sent is refused before it is, by the name of the argument."""

from __future__ import annotations

from typing import Any

import pytest

import ranvier
from ranvier.client.errors import HandlerUnusable, InvalidRequest, PayloadUnwritable
from ranvier.client.events_message import EventMessage
from ranvier.wire.grpc.limits import GrpcLimits
from tests.support.fake_hub import fake_hub

HALF = "or\ud800der"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"timeout_seconds": -1}, "timeout_seconds is -1"),
        ({"timeout_seconds": 0}, "timeout_seconds is 0"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds is nan"),
        ({"timeout_seconds": float("inf")}, "timeout_seconds is inf"),
        ({"timeout_seconds": "soon"}, "timeout_seconds is 'soon'"),
        ({"priority": 2**70}, "priority is 1180591620717411303424"),
        ({"priority": 0.5}, r"priority is 0\.5"),
    ],
)
async def test_options_are_named(options: dict[str, Any], named: str) -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        with pytest.raises(InvalidRequest, match=named):
            await hub.commands.send("x", **options)
        with pytest.raises(InvalidRequest, match=named):
            await hub.queries.ask("x", **options)
        assert server.dispatched.empty()


async def test_text_that_is_no_utf_8_is_named() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        with pytest.raises(InvalidRequest, match=r"^name is 'or\\ud800der'"):
            await hub.commands.send(HALF)
        with pytest.raises(InvalidRequest, match=r"^name is 'or\\ud800der'"):
            await hub.queries.ask(HALF)
        with pytest.raises(InvalidRequest, match=r"^routing_key is"):
            await hub.commands.send("x", routing_key=HALF)
        with pytest.raises(HandlerUnusable, match=r"^name is"):
            hub.commands.handler(HALF)(lambda _: None)
        for metadata in ({HALF: 1}, {"a": HALF}):
            with pytest.raises(PayloadUnwritable, match="metadata"):
                await hub.commands.send("x", metadata=metadata)


async def test_what_is_no_time_is_named() -> None:
    wrong: Any = 0.5
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        with pytest.raises(InvalidRequest, match=r"time is 0\.5; it must be a datetime"):
            await hub.schedule.schedule(wrong, EventMessage("x"))
        with pytest.raises(InvalidRequest, match=r"time is 0\.5; it must be a datetime"):
            await hub.events.token_at(wrong)


async def test_a_message_over_the_limit_is_refused_unsent_and_no_retry_is_advised() -> None:
    limits = GrpcLimits(message_bytes_out=1_000)
    async with (
        fake_hub() as server,
        ranvier.connect(server.address, limits=limits, client_id="c") as hub,
    ):
        with pytest.raises(InvalidRequest, match="over the limit of 1000 bytes") as failure:
            await hub.commands.send("x", b"x" * 1_001)
        assert not failure.value.retry_may_help
        with pytest.raises(InvalidRequest, match="over the limit of 1000 bytes"):
            await hub.queries.ask("x", b"x" * 1_001)
        with pytest.raises(InvalidRequest, match="over the limit of 1000 bytes"):
            await anext(hub.queries.scatter("x", b"x" * 1_001))
        assert server.dispatched.empty()
