"""The persistent streams of the Axon API: every call by name, and what answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ranvier.axon.answering import answering_many, answering_one
from ranvier.axon.messages import parsed
from ranvier.axon.open_persistent_stream import StreamCalls
from ranvier.axon.relayed_stream import RelayedRequest, StreamOwners, told
from ranvier.axon.request_context import context_of
from ranvier.axon.stream_definitions import new_stream, stream_status
from ranvier.axon.stream_event import StreamEvents
from ranvier.events.streams.errors import InvalidStream, StreamOwnedElsewhere
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from ranvier.services.persistent_streams import PersistentStreamService
from ranvier.wire.grpc.methods import Method, streaming
from ranvier.wire.grpc.server_call import ServerCall

PERSISTENT_STREAM_SERVICE: Final = "io.axoniq.axonserver.grpc.streams.PersistentStreamService"


Handler = Callable[[ServerCall, bytes], Awaitable[None]]


class PersistentStreams:
    """The calls about persistent streams."""

    def __init__(self, streams: PersistentStreamService, events: StreamEvents) -> None:
        self._streams = streams
        self._calls = StreamCalls(streams, events)

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "CreateStream": answering_one(self.create_stream),
            "OpenStream": streaming(self._calls.open),
            "DeleteStream": answering_many(self._relaying("DeleteStream", self.delete_stream)),
            "UpdateStream": answering_many(self._relaying("UpdateStream", self.update_stream)),
            "ListStreams": answering_many(self.list_streams),
            "ResetStream": answering_many(self._relaying("ResetStream", self.reset_stream)),
        }

    def methods_for_nodes(self) -> Mapping[str, Method]:
        """Return, by name, the methods that nodes call for streams that this one owns."""
        return {
            "OpenStream": streaming(self._calls.open_for_node),
            "DeleteStream": answering_many(self.delete_stream),
            "UpdateStream": answering_many(self.update_stream),
            "ResetStream": answering_many(self.reset_stream),
        }

    def relay_to(self, owners: StreamOwners) -> None:
        """Hand calls on, from now on, to the nodes that own the streams that they are about."""
        self._calls.owners = owners

    async def create_stream(self, call: ServerCall, message: bytes) -> bytes:
        """Create a stream; answer whether it is new."""
        request = parsed(streams_pb2.CreateStreamRequest, message)
        wanted = new_stream(request.stream_id, request.initialization_properties)
        is_new = await self._streams.create(context_of(call), wanted)
        result = streams_pb2.created if is_new else streams_pb2.already_exists
        return streams_pb2.CreateStreamResponse(result=result).SerializeToString()

    async def delete_stream(self, call: ServerCall, message: bytes) -> None:
        """Delete a stream; its consumers' calls end."""
        request = parsed(streams_pb2.DeleteStreamRequest, message)
        await self._streams.delete(context_of(call), request.stream_id)

    async def update_stream(self, call: ServerCall, message: bytes) -> None:
        """Give a stream another number of segments or name; ends when that is done."""
        request = parsed(streams_pb2.UpdateStreamRequest, message)
        await self._streams.update(
            context_of(call), request.stream_id, request.segments, request.stream_name
        )

    async def list_streams(self, call: ServerCall, message: bytes) -> None:
        """Send how each stream of the context stands."""
        parsed(streams_pb2.ListStreamsRequest, message)
        for status in await self._streams.list(context_of(call)):
            await call.write(stream_status(status).SerializeToString())

    async def reset_stream(self, call: ServerCall, message: bytes) -> None:
        """Let a stream begin elsewhere; ends when that is done."""
        request = parsed(streams_pb2.ResetStreamRequest, message)
        context, stream_id, options = context_of(call), request.stream_id, request.options
        match options.WhichOneof("type"):
            case "head":
                await self._streams.reset_to_head(context, stream_id)
            case "tail":
                await self._streams.reset_to_tail(context, stream_id)
            case "datetime":
                await self._streams.reset_to_time(context, stream_id, options.datetime)
            case "position":
                await self._streams.reset_to_position(context, stream_id, options.position)
            case _:
                raise InvalidStream("options", "are missing: say where to reset the stream to")

    def _relaying(self, name: str, handler: Handler) -> Handler:
        """Return a handler that asks the owner of a stream where this node is not it."""

        async def answer(call: ServerCall, message: bytes) -> None:
            try:
                await handler(call, message)
            except StreamOwnedElsewhere as error:
                relayed = RelayedRequest(call)
                onward = self._calls.owners.open(error.node_id, name, context_of(call), relayed)
                if onward is None:
                    raise
                onward.send(message, is_last=True)
                failure = told(await relayed.ended, error)
                if failure is not None:
                    raise failure from None

        return answer
