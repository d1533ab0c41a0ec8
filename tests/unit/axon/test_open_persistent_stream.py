"""A call about a stream that another node owns, when that node goes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from ranvier.axon.open_persistent_stream import StreamCalls
from ranvier.axon.relayed_stream import RelayedStream
from ranvier.events.streams.errors import StreamOwnedElsewhere
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from ranvier.wire.grpc.status import GrpcError, StatusCode

OPEN = streams_pb2.StreamRequest(open=streams_pb2.Open(stream_id="s", client_id="c"))
LOST = GrpcError(StatusCode.UNAVAILABLE, "the link is lost")


class Scene:
    """A client's call, and the calls that were handed on to owners."""

    def __init__(self) -> None:
        self.relays: list[RelayedStream] = []
        self.handed_on: list[str] = []
        self.ends: list[GrpcError | None] = []
        self.was_opened = asyncio.Event()
        self.call = SimpleNamespace(
            host=SimpleNamespace(loop=asyncio.get_running_loop()),
            metadata={},
            headers=(),
            finish=lambda error=None: self.ends.append(error),
            fail=self._fail,
        )
        calls = StreamCalls(cast("Any", self), cast("Any", None))
        calls.owners = cast("Any", SimpleNamespace(open=self._to_owner))
        self.stream = calls.open(cast("Any", self.call))

    async def open(self, *_given: object) -> None:
        """Have another node own every stream."""
        raise StreamOwnedElsewhere("s", "other")

    def _fail(self, problem: Exception) -> None:
        raise problem

    def _to_owner(self, _node: str, _method: str, _context: str, relay: RelayedStream) -> object:
        self.relays.append(relay)
        self.was_opened.set()
        return SimpleNamespace(
            send=lambda _message: self.handed_on.append("message"),
            half_close=lambda: self.handed_on.append("half-close"),
            queued_bytes=0,
        )


async def opened() -> Scene:
    scene = Scene()
    scene.stream.message_received(OPEN.SerializeToString())
    await asyncio.wait_for(scene.was_opened.wait(), 30)
    return scene


async def test_a_client_that_has_said_everything_is_opened_at_no_other_owner() -> None:
    scene = await opened()
    scene.stream.half_closed()
    assert scene.handed_on == ["message", "half-close"]
    (relay,) = scene.relays
    relay.finished(LOST, ())
    assert scene.ends == [None]


async def test_a_client_that_goes_on_is_opened_at_the_next_owner() -> None:
    scene = await opened()
    scene.was_opened.clear()
    scene.relays[0].finished(LOST, ())
    assert scene.ends == []
    await asyncio.wait_for(scene.was_opened.wait(), 30)
    assert scene.handed_on == ["message", "message"]
