"""Persistent streams: the server keeps the position and shares the segments over its clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from ranvier.client.codec import Codec
from ranvier.client.error_mapping import translated
from ranvier.client.errors import ConnectionLost, HubError, NotFound
from ranvier.client.events_message import StoredEvent, milliseconds
from ranvier.client.persistent_stream_consumer import SegmentWorkers
from ranvier.client.persistent_stream_reader import PersistentStreamReader
from ranvier.client.resuming import Resuming
from ranvier.client.typed_calls import Connection, TypedCalls
from ranvier.proto import persistent_streams_pb2 as wire
from ranvier.proto.google.protobuf.empty_pb2 import Empty

SERVICE: Final = "io.axoniq.axonserver.grpc.streams.PersistentStreamService"
TAIL: Final = 0
"""Position of the oldest event."""
HEAD: Final = -99
"""What stands for the position behind the newest event."""


@dataclass(frozen=True, slots=True)
class SequencingPolicy:
    """Which events stay in order behind each other; names as Axon Server has them."""

    name: str = "SequentialPerAggregatePolicy"
    parameters: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StreamProperties:
    """What a persistent stream begins with."""

    segments: int = 1
    start: int = TAIL
    """A token, `TAIL` or `HEAD`."""
    policy: SequencingPolicy = field(default_factory=SequencingPolicy)
    filter: str = ""
    """Only events for which this expression of the query language holds."""
    name: str = ""
    """For display; the id where it is empty."""


@dataclass(frozen=True, slots=True)
class ServerPosition:
    """A persistent stream in the place of a token store; made by its first reader."""

    stream_id: str
    properties: StreamProperties = field(default_factory=StreamProperties)


@dataclass(frozen=True, slots=True)
class SegmentStatus:
    """How far a segment is, who works on it (empty: nobody), and its error, if any."""

    segment: int
    position: int
    client_id: str
    error: str


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A persistent stream and its segments."""

    stream_id: str
    name: str
    policy: SequencingPolicy
    filter: str
    segments: tuple[SegmentStatus, ...]


class PersistentStreams:
    """The persistent streams of the hub's context."""

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._calls = TypedCalls(connection, SERVICE)
        self._codec = codec

    async def create(self, stream_id: str, properties: StreamProperties | None = None) -> bool:
        """Create a stream; False where it was there before, and stays as it is."""
        request = wire.CreateStreamRequest(
            stream_id=stream_id,
            initialization_properties=wire_properties(stream_id, properties or StreamProperties()),
        )
        answer = await self._calls.ask(
            "CreateStream", request, wire.CreateStreamResponse, has_effect=True
        )
        return answer.result == wire.created

    async def open(
        self, stream_id: str, properties: StreamProperties | None = None
    ) -> PersistentStreamReader:
        """Open a stream and take a share of its segments; `properties` create a missing one."""
        opening = wire.Open(stream_id=stream_id, client_id=self._calls.connection.client_id)
        if properties is not None:
            opening.initialization_properties.CopyFrom(wire_properties(stream_id, properties))
        call = await self._calls.open("OpenStream")
        with translated():
            await call.write(wire.StreamRequest(open=opening).SerializeToString())
        return PersistentStreamReader(call, self._codec)

    async def consume(
        self,
        stream: ServerPosition,
        handler: Callable[[StoredEvent], Awaitable[object]],
        *,
        stop: asyncio.Event | None = None,
    ) -> None:
        """Handle a stream until `stop` is set: segments side by side, each in order.

        What is handled is acknowledged; what is not comes again after a lost connection, here or
        at another client: every event at least once. An error of the handler is told to the
        server, where the segment's status shows it, and raised. NotFound: the stream was deleted.
        """
        resuming = Resuming()
        stopping = asyncio.get_running_loop().create_task((stop or asyncio.Event()).wait())
        try:
            while not stopping.done():
                try:
                    reader = await self.open(stream.stream_id, stream.properties)
                    workers = SegmentWorkers(reader, handler, resuming.progressed)
                    await run_until(stopping, workers, reader)
                except NotFound:
                    raise
                except HubError as error:
                    await resuming.wait_after(error)
        finally:
            stopping.cancel()

    async def list(self) -> AsyncGenerator[StreamStatus, None]:
        """Yield every stream of the context."""
        request = wire.ListStreamsRequest()
        async for status in self._calls.read("ListStreams", request, wire.StreamStatus):
            yield status_of(status)

    async def reset(self, stream_id: str, to: int | datetime | Literal["head", "tail"]) -> None:
        """Begin anew at a token, a time, the newest or the oldest event; readers start over."""
        options = wire.ResetStreamConfiguration()
        match to:
            case "head":
                options.head.CopyFrom(Empty())
            case "tail":
                options.tail.CopyFrom(Empty())
            case datetime():
                options.datetime = milliseconds(to)
            case _:
                options.position = to
        request = wire.ResetStreamRequest(stream_id=stream_id, options=options)
        await self._calls.carry_out("ResetStream", request)

    async def update(self, stream_id: str, *, segments: int = 0, name: str = "") -> None:
        """Change the number of segments, unless it is 0, and the name, unless it is empty."""
        request = wire.UpdateStreamRequest(stream_id=stream_id, segments=segments, stream_name=name)
        await self._calls.carry_out("UpdateStream", request)

    async def delete(self, stream_id: str) -> None:
        """Delete a stream; its readers are ended."""
        await self._calls.carry_out("DeleteStream", wire.DeleteStreamRequest(stream_id=stream_id))


async def run_until(
    stopping: asyncio.Task[Any], workers: SegmentWorkers, reader: PersistentStreamReader
) -> None:
    """Let workers handle what comes until they are to stop; then they finish what they have."""
    running = asyncio.get_running_loop().create_task(workers.run())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
            raise ConnectionLost("the server has ended a persistent stream")
        await workers.finish()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await workers.cancel()
        reader.close()


def wire_properties(stream_id: str, properties: StreamProperties) -> wire.InitializationProperties:
    """Return properties as the wire has them."""
    return wire.InitializationProperties(
        segments=properties.segments,
        initial_position=properties.start,
        sequencing_policy=wire.SequencingPolicy(
            policy_name=properties.policy.name, parameter=properties.policy.parameters
        ),
        filter=properties.filter,
        stream_name=properties.name or stream_id,
    )


def status_of(status: wire.StreamStatus) -> StreamStatus:
    """Return the state of a stream as the wire has it."""
    return StreamStatus(
        status.stream_id,
        status.stream_name,
        SequencingPolicy(
            status.sequencing_policy.policy_name, tuple(status.sequencing_policy.parameter)
        ),
        status.filter,
        tuple(
            SegmentStatus(each.segment, each.position, each.client_id, each.error)
            for each in status.segments
        ),
    )
