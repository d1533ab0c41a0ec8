"""A call with any number of request messages, delivered as they come."""

from __future__ import annotations

from collections.abc import Callable

from ranvier.wire.grpc.framing import PREFIX_BYTES, Deframer, unpack_prefix
from ranvier.wire.grpc.reading import MessageReader
from ranvier.wire.grpc.request_head import RequestHead
from ranvier.wire.grpc.server_call import Admit, CallListener, ServerCall
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.grpc.unary_call import Oversized
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.stream import StreamEnd

OpenCall = Callable[[ServerCall], CallListener]


class StreamMethod:
    """A method with a stream of request messages; `open_call` names who takes them."""

    __slots__ = ("guard", "open", "open_call", "oversized")

    def __init__(self, open_call: OpenCall, oversized: Oversized | None) -> None:
        self.open_call = open_call
        self.oversized = oversized
        self.open = StreamCall
        self.guard: Admit | None = None
        """Looks at a call of this method after the server's own check; raises to refuse it."""


class StreamCall(ServerCall):
    """Hands each message to the call's listener."""

    head: RequestHead[StreamMethod]
    _listener: CallListener | None = None
    _reader: MessageReader | None = None

    def begin(self, *, end_stream: bool) -> None:
        """Start the call, once it is admitted."""
        try:
            self._listener = self.head.method.open_call(self)
        except Exception as problem:  # whatever a handler raises ends its call alone
            self.fail(problem)
            return
        if end_stream:
            self.trailers_received(())

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        """Take DATA from HTTP/2."""
        listener = self._listener
        if self.is_done or listener is None:
            self.drop_data(end - start, end_stream=end_stream)
            return
        try:
            # A frame that is one whole message needs no reader: an append takes 3 µs less (bench).
            size = end - start
            if self._reader is None and size >= PREFIX_BYTES:
                flag, length = unpack_prefix(buffer, start)
                if not flag and length == size - PREFIX_BYTES <= self.host.limits.message_bytes_in:
                    listener.message_received(buffer[start + PREFIX_BYTES : end])
                    if end_stream or self._reader is not None:
                        self._after_whole_message(listener, size, end_stream=end_stream)
                    else:
                        self.stream.consumed(size)
                    return
            reader = self._reader or self._new_reader(listener)
            reader.data_received(buffer, start, end, end_stream=end_stream)
        except Exception as problem:  # whatever a handler raises ends its call alone
            self.break_off(self.error_for(problem))

    def _after_whole_message(
        self, listener: CallListener, byte_count: int, *, end_stream: bool
    ) -> None:
        """Give the window back and tell the end, or leave both to the reader of a paused call."""
        if self._reader is not None:
            self._reader.delivered(byte_count, end_stream=end_stream)
            return
        self.stream.consumed(byte_count)
        if end_stream and not self.is_done:
            listener.half_closed()

    def _new_reader(self, listener: CallListener) -> MessageReader:
        deframer = Deframer(self.host.limits.message_bytes_in, self.head.inflate)
        self._reader = MessageReader(self, listener, self.stream, deframer, self.host.room)
        return self._reader

    def take_messages_up_to(self, byte_count: int) -> None:
        """Take messages of this length from now on, on this connection."""
        super().take_messages_up_to(byte_count)
        if self._reader is not None:
            self._reader.take_messages_up_to(byte_count)

    def trailers_received(self, headers: HeaderPairs) -> None:  # noqa: ARG002  # requests have none
        """Take the end of the request."""
        self.data_received(b"", 0, 0, end_stream=True)

    def pause_reading(self) -> None:
        """Receive no more messages; the caller's window is not given back meanwhile."""
        if self._listener is not None and not self.is_done:
            (self._reader or self._new_reader(self._listener)).pause()

    def resume_reading(self) -> None:
        """Receive messages again; those that wait are delivered before this returns."""
        if self._reader is None or self.is_done:
            return
        try:
            self._reader.resume()
        except Exception as problem:  # whatever a handler raises ends its call alone
            self.fail(problem)

    def writable(self) -> None:
        """Tell the listener, and whoever waits in `write`."""
        super().writable()
        if self._listener is not None and not self.is_done:
            self.tell(self._listener.writable)

    def closed(self, error: StreamEnd | None) -> None:
        """Be told that the stream is no more; the listener is told if it does not know."""
        super().closed(error)
        self._listener = None

    def oversized(self, byte_count: int) -> GrpcError | None:
        """Return why a message of so many bytes ends the call; None: it is dropped."""
        if self.head.method.oversized is None:
            return super().oversized(byte_count)
        return self.head.method.oversized(self, byte_count)

    def _tell_cancelled(self) -> None:
        super()._tell_cancelled()
        if self._listener is not None:
            self.tell(self._listener.cancelled)

    def _let_go(self) -> None:
        super()._let_go()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
