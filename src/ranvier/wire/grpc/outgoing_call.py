"""One call at the client, told by callbacks: what it sends, and how it ends."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from typing import Protocol

from ranvier.wire.grpc.assembly import AssemblyRoom
from ranvier.wire.grpc.compression import IDENTITY, INFLATERS
from ranvier.wire.grpc.framing import Deframer, frame
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.reading import MessageReader
from ranvier.wire.grpc.request_head import is_grpc
from ranvier.wire.grpc.status import HTTP_STATUS, GrpcError, StatusCode, error_from
from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.stream import UNHEARD, Stream, StreamEnd

OK: HeaderPairs = ((b"grpc-status", b"0"),)
RESET_STATUS: dict[int, StatusCode] = {
    ErrorCode.REFUSED_STREAM: StatusCode.UNAVAILABLE,
    ErrorCode.CANCEL: StatusCode.CANCELLED,
    ErrorCode.ENHANCE_YOUR_CALM: StatusCode.RESOURCE_EXHAUSTED,
    ErrorCode.INADEQUATE_SECURITY: StatusCode.PERMISSION_DENIED,
}
"""What a reset stream means for its call; INTERNAL for the other codes."""


class AnswerListener(Protocol):
    """Who takes what the server sends on one call; all callbacks are synchronous."""

    def headers_received(self, headers: HeaderPairs) -> None:
        """Take the metadata that comes before the messages; not called where there is none."""

    def message_received(self, message: bytes) -> None:
        """Take one message."""

    def writable(self) -> None:
        """Be told that `queued_bytes` has fallen below 64 KiB."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:
        """Be told, once and at last, how the call ended; None is OK."""


class ClientHost(Protocol):
    """What a call needs of the connection that it goes out on."""

    loop: AbstractEventLoop
    limits: GrpcLimits
    room: AssemblyRoom

    def call_closed(self) -> None:
        """Be told that the stream of a call is no more."""


class OutgoingCall:
    """One call. Every method may be called at any time; after the end they do nothing."""

    __slots__ = (
        "_has_half_closed",
        "_host",
        "_listener",
        "_reader",
        "_timer",
        "_trailers",
        "is_done",
        "stream",
    )

    def __init__(self, host: ClientHost, listener: AnswerListener) -> None:
        self._host = host
        self._listener = listener
        self._reader: MessageReader | None = None
        self._timer: TimerHandle | None = None
        self._trailers: HeaderPairs | None = None
        self._has_half_closed = False
        self.is_done = False
        self.stream: Stream | None = None
        """The stream, once the connection has opened it."""

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait for the server's window or for the network."""
        return 0 if self.stream is None else self.stream.queued_bytes

    @property
    def message_bytes_max(self) -> int:
        """The longest message that may be sent; a longer one ends the call."""
        return self._host.limits.message_bytes_out

    def send(self, message: bytes, *, is_last: bool = False) -> None:
        """Queue one message; never blocks. `is_last` half-closes behind it."""
        limit = self.message_bytes_max
        if len(message) > limit:
            self.finish(
                GrpcError(
                    StatusCode.RESOURCE_EXHAUSTED,
                    f"a message of {len(message)} bytes is over the limit of {limit} bytes",
                )
            )
        else:
            self.send_framed(frame(message), is_last=is_last)

    def send_framed(self, block: bytes, *, is_last: bool = False) -> None:
        """Queue a block of messages that already have their prefixes."""
        if self.stream is not None and not (self.is_done or self._has_half_closed):
            self._has_half_closed = is_last
            self.stream.send_data(block, end_stream=is_last)

    def half_close(self) -> None:
        """Say that no further message follows."""
        self.send_framed(b"", is_last=True)

    def cancel(self) -> None:
        """Give the call up; it ends by CANCELLED."""
        self.finish(GrpcError(StatusCode.CANCELLED, "the caller gave the call up"))

    def pause_reading(self) -> None:
        """Receive no more messages; the server's window is not given back meanwhile."""
        if self._reader is not None:
            self._reader.pause()

    def resume_reading(self) -> None:
        """Receive messages again; those that wait are delivered before this returns."""
        if self._reader is not None and not self.is_done:
            self._reader.resume()

    def set_timeout(self, seconds: float) -> None:
        """Let the call end by DEADLINE_EXCEEDED after so many seconds."""
        self._timer = self._host.loop.call_later(seconds, self._deadline_passed)

    def oversized(self, byte_count: int) -> GrpcError | None:
        """Return why a message of so many bytes ends the call."""
        limit = self._host.limits.message_bytes_in
        return GrpcError(
            StatusCode.RESOURCE_EXHAUSTED,
            f"an answer of {byte_count} bytes is over the limit of {limit} bytes",
        )

    def break_off(self, error: GrpcError) -> None:
        """End the call for what the server sent."""
        self.finish(error)

    def finish(self, error: GrpcError | None = None) -> None:
        """End the call from this side and reset what is left of its stream.

        An error that the server has already sent counts more than one found here.
        """
        if not self.is_done:
            self._has_half_closed = False
            trailers = self._trailers or OK
            self._end(error_from(trailers) or error, trailers)

    # What HTTP/2 tells of the stream.

    def headers_received(self, headers: HeaderPairs, *, end_stream: bool) -> None:
        """Take the head of the answer, or the whole answer if nothing follows."""
        if self.is_done:
            return
        fields = dict(headers)
        if fields.get(b":status") != b"200" or not is_grpc(fields.get(b"content-type", b"")):
            self.finish(error_of_http(fields))
        elif end_stream:
            self._end(error_from(headers), headers)
        else:
            self._open_reader(fields.get(b"grpc-encoding", IDENTITY))
            self._listener.headers_received(headers)

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        """Take DATA."""
        if self.is_done or self._reader is None:
            if self.stream is not None:
                self.stream.consumed(end - start)
            return
        self._reader.data_received(buffer, start, end, end_stream=end_stream)

    def trailers_received(self, headers: HeaderPairs) -> None:
        """Take the end of the answer; it is told after the messages before it."""
        self._trailers = headers
        if self._reader is not None and not self.is_done:
            self._reader.end()

    def message_received(self, message: bytes) -> None:
        """Hand a message on."""
        self._listener.message_received(message)

    def half_closed(self) -> None:
        """All messages are delivered: tell how the call ended."""
        if self._trailers is None:
            self._end(GrpcError(StatusCode.INTERNAL, "the server ended without a status"), ())
        else:
            self._end(error_from(self._trailers), self._trailers)

    def writable(self) -> None:
        """Hand on that more can be sent."""
        if not self.is_done:
            self._listener.writable()

    def closed(self, error: StreamEnd | None) -> None:
        """Be told that the stream is no more."""
        if self.stream is not None:
            self.stream.listener = UNHEARD  # so that no cycle keeps either of them
            self._host.call_closed()
        if error is not None and not self.is_done:
            self._end(error_of_reset(error), ())

    def _open_reader(self, encoding: bytes) -> None:
        if encoding not in INFLATERS:
            self.finish(
                GrpcError(StatusCode.INTERNAL, "the server compresses in a way not offered")
            )
            return
        assert self.stream is not None  # noqa: S101  # headers come on a stream that is open
        deframer = Deframer(self._host.limits.message_bytes_in, INFLATERS[encoding])
        self._reader = MessageReader(self, self, self.stream, deframer, self._host.room)

    def _deadline_passed(self) -> None:
        self.finish(GrpcError(StatusCode.DEADLINE_EXCEEDED, "the deadline has passed"))

    def _end(self, error: GrpcError | None, trailers: HeaderPairs) -> None:
        self.is_done = True
        if self._timer is not None:
            self._timer.cancel()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
        if self.stream is not None and not self._has_half_closed:
            self.stream.reset(ErrorCode.CANCEL)  # the server is not to wait for what never comes
        self._listener.finished(error, trailers)


def error_of_http(fields: dict[bytes, bytes]) -> GrpcError:
    """Return what an answer that is no gRPC means for its call."""
    if b"grpc-status" in fields:
        return error_from(tuple(fields.items())) or GrpcError(StatusCode.INTERNAL, "no gRPC answer")
    text = fields.get(b":status", b"")
    status = HTTP_STATUS.get(int(text) if text.isdigit() else 0, StatusCode.UNKNOWN)
    return GrpcError(status, f"the server answered with HTTP status {text.decode('latin-1')}")


def error_of_reset(end: StreamEnd) -> GrpcError:
    """Return what the early end of a stream means for its call."""
    if end.is_connection_lost or end.is_unprocessed:
        error = GrpcError(StatusCode.UNAVAILABLE, end.reason or "the connection was lost")
        error.is_unprocessed = end.is_unprocessed
        return error
    status = RESET_STATUS.get(end.code, StatusCode.INTERNAL)
    return GrpcError(status, end.reason or f"the server reset the stream, code {end.code}")
