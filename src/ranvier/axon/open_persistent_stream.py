"""OpenStream: one consumer of a persistent stream, its demand and what it has handled."""

from __future__ import annotations

import asyncio
from typing import Final

from ranvier.axon.errors import StreamNotOpened, grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.axon.stream_definitions import new_stream
from ranvier.axon.stream_event import StreamEvents
from ranvier.axon.stream_signals import closed, delivered, opened
from ranvier.errors import RanvierError
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from ranvier.services.live_stream import LiveStream
from ranvier.services.persistent_streams import PersistentStreamService
from ranvier.wire.grpc.framing import frame
from ranvier.wire.grpc.server_call import ServerCall

QUEUED_BYTES: Final = 64 * 1024
"""On their way to a consumer above which its segments wait."""


class StreamCalls:
    """Opens the calls of one node."""

    def __init__(self, streams: PersistentStreamService, events: StreamEvents) -> None:
        self.streams = streams
        self.events = events
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, call: ServerCall) -> StreamCall:
        """Return the listener of a new OpenStream call."""
        return StreamCall(call, self)

    def run(self, call: StreamCall, request: streams_pb2.Open) -> None:
        """Let a call be opened."""
        task = asyncio.get_running_loop().create_task(call.connect(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class StreamCall:
    """One client at one stream: a consumer, as the stream sees it."""

    def __init__(self, call: ServerCall, calls: StreamCalls) -> None:
        self.client_id = ""
        self._call = call
        self._calls = calls
        self._context = context_of(call)
        self._live: LiveStream | None = None
        self._has_begun = False
        self._has_left = False

    def message_received(self, message: bytes) -> None:
        """Take what the client says; the first message must open the stream, no other may."""
        try:
            request = parsed(streams_pb2.StreamRequest, message)
            if (request.WhichOneof("request") == "open") is self._has_begun:
                raise StreamNotOpened
        except RanvierError as error:
            self._leave()
            self._call.finish(grpc_error(error))
            return
        if self._has_begun:
            self._take(request)
        else:
            self._has_begun = True
            self.client_id = request.open.client_id
            self._calls.run(self, request.open)

    def half_closed(self) -> None:
        """Let the client go; one that is about to be connected first learns whether it can be."""
        is_connecting = self._has_begun and self._live is None
        self._leave()
        if not is_connecting:
            self._call.finish()

    def writable(self) -> None:
        """Go on: the client has taken what was on its way."""
        if self._live is not None:
            self._live.wake(self)

    def cancelled(self) -> None:
        """Let the client go: its call is over."""
        self._leave()

    async def connect(self, request: streams_pb2.Open) -> None:
        """Join the stream that the client names, which is created if it says how."""
        wanted = None
        if request.HasField("initialization_properties"):
            wanted = new_stream(request.stream_id, request.initialization_properties)
        try:
            live = await self._calls.streams.open(self._context, request.stream_id, self, wanted)
        except RanvierError as error:
            self._call.finish(grpc_error(error))
        except Exception as problem:  # ends this call alone; the wire logs it
            self._call.fail(problem)
        else:
            if self._has_left:
                live.disconnect(self)
                self._call.finish()
            else:
                self._live = live

    @property
    def may_take(self) -> bool:
        """Whether there is room for more events on their way to the client."""
        return self._call.queued_bytes < QUEUED_BYTES and not self._call.is_done

    def segment_opened(self, segment: int) -> None:
        """Tell that a segment is given."""
        self._call.send(opened(segment))

    def segment_closed(self, segment: int) -> None:
        """Tell that a segment is taken away."""
        self._call.send(closed(segment))

    def deliver(self, segment: int, token: int, row: bytes, *, is_replay: bool) -> None:
        """Send an event."""
        event = self._calls.events.sent(self._context, row)
        # Framed here: what could be stored is sent, even if the wrapper is a little over the limit.
        self._call.send_framed(frame(delivered(segment, token, event, is_replay=is_replay)))

    def end(self, error: RanvierError) -> None:
        """End the call."""
        self._call.finish(grpc_error(error))

    def _take(self, request: streams_pb2.StreamRequest) -> None:
        """Act on what the client says of a segment; before the stream is open it holds none."""
        live = self._live
        if live is None:
            return
        match request.WhichOneof("request"):
            case "requests":
                live.request(self, request.requests.segment, request.requests.requests)
            case "acknowledgeProgress":
                progress = request.acknowledgeProgress
                live.acknowledge(self, progress.segment, progress.position)
            case "error":
                live.fail(self, request.error.segment, request.error.error)
            case _:
                return

    def _leave(self) -> None:
        self._has_left = True
        live, self._live = self._live, None
        if live is not None:
            live.disconnect(self)
