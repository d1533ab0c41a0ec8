"""DCB streams go on after a loss, and a source without its end is not taken for a whole one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

import ranvier
from ranvier.client import Criterion, Hub, ReconnectDelays, Tag
from ranvier.client.dcb import SERVICE
from ranvier.client.dcb_values import tags_from, wire_tags
from ranvier.client.errors import ConnectionLost, InvalidRequest
from ranvier.proto import dcb_pb2
from ranvier.wire.grpc.methods import server_streaming
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import FakeHub

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)
Request = dcb_pb2.StreamEventsRequest


def event(position: int) -> dcb_pb2.SequencedEvent:
    return dcb_pb2.SequencedEvent(sequence=position, event=dcb_pb2.Event(name=f"E{position}"))


class DcbHub(FakeHub):
    """Sends what a test planned for each opened stream, then ends it as planned."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[tuple[range, GrpcError | None]] = []
        self.requests: list[Request] = []
        self.server.add_service(
            SERVICE,
            {"Stream": server_streaming(self._stream), "Source": server_streaming(self._source)},
        )

    async def _stream(self, call: ServerCall, message: bytes) -> None:
        self.requests.append(Request.FromString(message))
        positions, end = self.plans.pop(0)
        for position in positions:
            answer = dcb_pb2.StreamEventsResponse(event=event(position))
            await call.write(answer.SerializeToString())
        if end is not None:
            raise end

    async def _source(self, call: ServerCall, message: bytes) -> None:
        await call.write(dcb_pb2.SourceEventsResponse(event=event(0)).SerializeToString())


@asynccontextmanager
async def dcb_hub() -> AsyncIterator[tuple[DcbHub, Hub]]:
    server = DcbHub()
    await server.start()
    try:
        async with (
            asyncio.timeout(20),
            ranvier.connect(server.address, reconnect=QUICK) as hub,
        ):
            yield server, hub
    finally:
        await server.stop()


@pytest.mark.parametrize(
    "end", [None, GrpcError(StatusCode.UNAVAILABLE, "bye"), GrpcError(StatusCode.UNKNOWN, "?")]
)
async def test_a_stream_goes_on_behind_the_last_event(end: GrpcError | None) -> None:
    criterion = Criterion((Tag("a", "b"),), ("E",))
    async with dcb_hub() as (server, hub), aclosing(hub.dcb.stream(criterion, start=3)) as stream:
        server.plans = [(range(3, 6), end), (range(6, 9), end)]
        assert [(await anext(stream)).position for _ in range(4)] == [3, 4, 5, 6]
        assert [each.position for each in await stream.batch(1)] == [7]
        assert [each.position for each in await stream.batch(9)] == [8]
    assert [each.from_sequence for each in server.requests] == [3, 6]
    assert server.requests[0].criterion == server.requests[1].criterion
    assert list(server.requests[1].criterion[0].tags_and_names.name) == ["E"]


async def test_a_refused_stream_is_the_reader_s_to_know() -> None:
    refusal = GrpcError(StatusCode.INVALID_ARGUMENT, "too many criteria")
    async with dcb_hub() as (server, hub), aclosing(hub.dcb.stream()) as stream:
        server.plans = [(range(0), refusal)]
        with pytest.raises(InvalidRequest):
            await anext(stream)


async def test_a_source_that_ends_without_its_marker_is_no_whole_one() -> None:
    async with dcb_hub() as (_, hub):
        sourced = hub.dcb.source()
        assert (await anext(sourced)).name == "E0"
        assert sourced.marker is None
        with pytest.raises(ConnectionLost):
            await anext(sourced)
        with pytest.raises(ConnectionLost):
            await hub.dcb.source().all()


@pytest.mark.parametrize("text", ["Ä", b"\xff\0"])
def test_tags_are_text_where_they_can_be(text: str | bytes) -> None:
    tag = Tag(text, text)
    assert tags_from(wire_tags([tag])) == (tag,)
