"""OpenStream: one consumer of a persistent stream, its demand and what it has handled.

Where another node owns the stream, the call is handed on to that node; while a stream is between
two owners, for some seconds at most, its consumers wait.
"""

from __future__ import annotations

import asyncio
from typing import Final

from ranvier.axon.errors import StreamNotOpened, grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.relayed_stream import NoOwners, RelayedStream, StreamOwners
from ranvier.axon.request_context import context_of
from ranvier.axon.stream_definitions import new_stream
from ranvier.axon.stream_event import StreamEvents
from ranvier.axon.stream_signals import closed, delivered, opened
from ranvier.errors import RanvierError
from ranvier.events.streams.errors import StreamOwnedElsewhere
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from ranvier.services.live_stream import LiveStream
from ranvier.services.persistent_streams import PersistentStreamService
from ranvier.wire.grpc.framing import frame
from ranvier.wire.grpc.server_call import ServerCall

QUEUED_BYTES: Final = 64 * 1024
"""On their way to a consumer above which its segments wait."""

OWNER_SECONDS: Final = 10.0
"""In which somebody owns the stream who can be reached: longer than the lease of a lost node."""

LOOK_SECONDS: Final = 0.25
"""Between two looks at who owns a stream."""


class StreamCalls:
    """Opens the calls of one node."""

    def __init__(self, streams: PersistentStreamService, events: StreamEvents) -> None:
        self.streams = streams
        self.events = events
        self.owners: StreamOwners = NoOwners()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, call: ServerCall) -> StreamCall:
        """Return the listener of a new OpenStream call of a client."""
        return StreamCall(call, self, may_relay=True)

    def open_for_node(self, call: ServerCall) -> StreamCall:
        """Return the listener of a call that another node hands on; it goes no further."""
        return StreamCall(call, self, may_relay=False)

    def run(self, call: StreamCall, request: streams_pb2.Open, message: bytes) -> None:
        """Let a call be opened by the message that has been read as this request."""
        task = asyncio.get_running_loop().create_task(call.connect(request, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class StreamCall:
    """One client at one stream: a consumer, as the stream sees it."""

    def __init__(self, call: ServerCall, calls: StreamCalls, *, may_relay: bool) -> None:
        self.client_id = ""
        self._may_relay = may_relay
        self._relay: RelayedStream | None = None
        self._give_up_at = call.host.loop.time() + (OWNER_SECONDS if may_relay else 0.0)
        self._call = call
        self._calls = calls
        self._context = context_of(call)
        self._live: LiveStream | None = None
        self._has_begun = False
        self._has_left = False

    def message_received(self, message: bytes) -> None:
        """Take what the client says; the first message must open the stream, no other may."""
        if self._relay is not None:
            self._relay.send(message)
            return
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
            self._calls.run(self, request.open, message)

    def half_closed(self) -> None:
        """Let the client go; one that is about to be connected first learns whether it can be."""
        if self._relay is not None:
            self._relay.half_close()
            return
        is_connecting = self._has_begun and self._live is None
        self._leave()
        if not is_connecting:
            self._call.finish()

    def writable(self) -> None:
        """Go on: the client has taken what was on its way."""
        if self._live is not None:
            self._live.wake(self)
        elif self._relay is not None:
            self._relay.taken()

    def cancelled(self) -> None:
        """Let the client go: its call is over."""
        self._leave()

    async def connect(self, request: streams_pb2.Open, message: bytes) -> None:
        """Join the stream that the client names, here or at its owner.

        It is created if the client says how.
        """
        try:
            while True:
                if await self._connected(request, message):
                    return
                await asyncio.sleep(LOOK_SECONDS)
        except RanvierError as error:
            self._call.finish(grpc_error(error))
        except Exception as problem:  # ends this call alone; the wire logs it
            self._call.fail(problem)

    async def _connected(self, request: streams_pb2.Open, message: bytes) -> bool:
        """Try once; False if it should be tried again, since nobody can be reached who owns it."""
        wanted = None
        if request.HasField("initialization_properties"):
            wanted = new_stream(request.stream_id, request.initialization_properties)
        try:
            live = await self._calls.streams.open(self._context, request.stream_id, self, wanted)
        except StreamOwnedElsewhere as error:
            if self._has_left:
                self._call.finish()
                return True
            if self._may_relay and self._is_relayed(error, request, message):
                return True
            if self._is_too_late:
                raise
            return False
        if self._has_left:
            live.disconnect(self)
            self._call.finish()
        else:
            self._live = live
        return True

    @property
    def _is_too_late(self) -> bool:
        return self._call.host.loop.time() >= self._give_up_at

    def _is_relayed(
        self, error: StreamOwnedElsewhere, request: streams_pb2.Open, message: bytes
    ) -> bool:
        def again(lost: RanvierError) -> None:
            """Look for the next owner, while there is time and somebody waits for it."""
            self._relay = None
            if relay.is_half_closed:  # the next owner would hold a stream open that nobody reads
                self._has_left = True
                self._call.finish()
            elif self._has_left or self._is_too_late:
                self._call.finish(grpc_error(lost))
            else:
                loop = self._call.host.loop
                loop.call_later(LOOK_SECONDS, self._calls.run, self, request, message)

        relay = RelayedStream(self._call, error, again)
        onward = self._calls.owners.open(error.node_id, "OpenStream", self._context, relay)
        if onward is None:
            return False
        self._relay = relay
        relay.begin(onward, message)
        return True

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
        if self._relay is not None:
            self._relay.leave()
