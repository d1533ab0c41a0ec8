"""One call at the server: what its handler sees of the caller, and how it answers."""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop, Future, TimerHandle
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from ranvier.wire.grpc.assembly import AssemblyRoom
from ranvier.wire.grpc.framing import PREFIXES, frame, pack_prefix
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.metadata import Metadata
from ranvier.wire.grpc.request_head import CONTENT_TYPE, RequestHead
from ranvier.wire.grpc.status import GrpcError, StatusCode, status_pairs
from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.headers import HeaderPairs, ready_block
from ranvier.wire.http2.stream import UNHEARD, Stream, StreamEnd

LOG = logging.getLogger("ranvier.wire")
HEAD_PAIRS: HeaderPairs = ((b":status", b"200"), (b"content-type", CONTENT_TYPE))
HEAD = ready_block(HEAD_PAIRS)
OK_PAIRS: HeaderPairs = ((b"grpc-status", b"0"),)
OK = ready_block(OK_PAIRS)
PREFIXED_BYTES = len(PREFIXES)
QUEUE_HIGH_BYTES = 64 * 1024
"""Bytes queued on one call above which `write` waits for the reader."""
TIMER_SECONDS_MAX = 30 * 86_400.0
"""A deadline further away than this sets no timer: the connection will not live so long."""


class CallListener(Protocol):
    """Who takes what comes on a call with a stream of requests; all callbacks are synchronous."""

    def message_received(self, message: bytes) -> None:
        """Take one message."""

    def half_closed(self) -> None:
        """Be told that the client sends nothing more."""

    def writable(self) -> None:
        """Be told that `queued_bytes` has fallen below 64 KiB."""

    def cancelled(self) -> None:
        """Be told that the call ended before it was finished: reset, lost, past its deadline."""


class CallHost(Protocol):
    """What a call needs of the connection that it came on."""

    loop: AbstractEventLoop
    limits: GrpcLimits
    peer: str
    room: AssemblyRoom
    tasks: set[object]

    @property
    def peer_certificate(self) -> Mapping[str, object] | None:
        """What TLS has verified of the caller."""


class ServerCall:
    """One call. Every method may be called at any time; after the end they do nothing."""

    # What few calls need has its default in the class, not in slots: a call is made in 0.2 µs
    # instead of 0.4.
    deadline: float | None = None
    """Time of the event loop at which the caller gives up."""
    trailers: HeaderPairs = ()
    """Metadata to send after the messages, with OK or an error."""
    _has_started = False
    _timer: TimerHandle | None = None
    _waiter: Future[None] | None = None

    def __init__(
        self, host: CallHost, stream: Stream, headers: HeaderPairs, head: RequestHead[object]
    ) -> None:
        self.host = host
        self.stream = stream
        self.head = head
        self.headers = headers
        """What the caller sent, as it came; `metadata` reads it."""
        # Read several times in each call: a call takes 0.06 µs less with these in the instance.
        self.is_done = False
        """The call was finished, or is over for another reason."""
        self.on_cancelled: Callable[[], object] | None = None
        """Called once if the call is over before it was finished."""

    @property
    def path(self) -> str:
        """The method's full name, as in `/package.Service/Method`."""
        return self.head.path

    @property
    def metadata(self) -> Metadata:
        """What the caller sent along."""
        return Metadata(self.headers)

    @property
    def peer(self) -> str:
        """The caller's address and port, as in `192.0.2.7:50112`."""
        return self.host.peer

    @property
    def peer_certificate(self) -> Mapping[str, object] | None:
        """What TLS has verified of the caller, as `ssl.SSLSocket.getpeercert` gives it; or None."""
        return self.host.peer_certificate

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait for the caller's window or for the network."""
        return self.stream.queued_bytes

    def start(self, metadata: HeaderPairs = ()) -> None:
        """Send the response headers now, with metadata; without a call, the first message does."""
        if not (self._has_started or self.is_done):
            self._has_started = True
            self.stream.send_headers(HEAD_PAIRS + metadata if metadata else HEAD)

    def send(self, message: bytes) -> None:
        """Queue one message; never blocks. A message over the limit ends the call."""
        if self._fits(message) and not self.is_done:
            self.send_framed(frame(message))

    def send_framed(self, block: bytes) -> None:
        """Queue a block of messages that already have their prefixes."""
        if not self.is_done:
            if not self._has_started:
                self.start()
            self.stream.send_data(block)

    def reply(self, message: bytes) -> None:
        """Answer with one message and OK, and be done."""
        if self.is_done:
            return
        size = len(message)
        if self._has_started or self.trailers or size > self.host.limits.message_bytes_out:
            self.send(message)
            self.finish()
            return
        self.is_done = True
        if self._timer is not None:
            self._timer.cancel()
        # One call for the whole answer takes 0.8 µs, three take 2.4 (bench/http2_exchange.py).
        prefix = PREFIXES[size] if size < PREFIXED_BYTES else pack_prefix(0, size)
        self.stream.respond(HEAD, message, OK, prefix)

    def finish(self, error: GrpcError | None = None) -> None:
        """End the call after all queued messages: OK, or the error."""
        if not self.is_done:
            self.is_done = True
            self._end(error)

    def _end(self, error: GrpcError | None) -> None:
        self._let_go()
        pairs = (OK_PAIRS if error is None else status_pairs(error)) + self.trailers
        if self._has_started:
            self.stream.send_trailers(OK if pairs is OK_PAIRS else pairs)
        else:
            self.stream.send_headers(HEAD_PAIRS + pairs, end_stream=True)

    async def write(self, message: bytes) -> None:
        """Send one message and wait while more than 64 KiB are queued."""
        if self._fits(message):
            await self.write_framed(frame(message))

    async def write_framed(self, block: bytes) -> None:
        """Send framed messages and wait while more than 64 KiB are queued."""
        self.send_framed(block)
        while self.stream.queued_bytes > QUEUE_HIGH_BYTES and not self.is_done:
            self._waiter = self.host.loop.create_future()
            await self._waiter

    def pause_reading(self) -> None:
        """Receive no more messages; the caller's window is not given back meanwhile."""

    def resume_reading(self) -> None:
        """Receive messages again."""

    def fail(self, problem: BaseException) -> None:
        """End the call for what its handler raised; the caller learns no more than he may."""
        self.finish(self.error_for(problem))

    def error_for(self, problem: BaseException) -> GrpcError:
        """Return what the caller is told of what a handler raised; the log is told all."""
        if isinstance(problem, GrpcError):
            return problem
        LOG.error("the handler of %s failed", self.path, exc_info=problem)
        return GrpcError(StatusCode.UNKNOWN, "internal error")

    def set_timeout(self, seconds: float) -> None:
        """Let the call end by DEADLINE_EXCEEDED after so many seconds."""
        loop = self.host.loop
        self.deadline = loop.time() + seconds
        if seconds < TIMER_SECONDS_MAX:
            self._timer = loop.call_at(self.deadline, self._deadline_passed)

    def cut(self, error: GrpcError) -> None:
        """End the call from this side for a reason that is not its handler's; he is told."""
        if self.is_done:
            return
        self.is_done = True
        # Told first: what is sent below may end the stream, and with it the way to the handler.
        self._tell_cancelled()
        if self.stream.queued_bytes:
            self._let_go()
            self.stream.reset(ErrorCode.CANCEL)
        else:
            self._end(error)

    def break_off(self, error: GrpcError) -> None:
        """End the call for what the caller sent, after all queued messages; its handler is told."""
        if not self.is_done:
            self.is_done = True
            self._tell_cancelled()
            self._end(error)

    def take_messages_up_to(self, byte_count: int) -> None:
        """Take messages of this length from now on, on this connection."""
        self.host.limits = replace(self.host.limits, message_bytes_in=byte_count)

    def oversized(self, byte_count: int) -> GrpcError | None:
        """Return why a message of so many bytes ends the call; None: it is dropped."""
        limit = self.host.limits.message_bytes_in
        return GrpcError(
            StatusCode.RESOURCE_EXHAUSTED,
            f"a message of {byte_count} bytes is over the limit of {limit} bytes",
        )

    # What HTTP/2 tells of the stream.

    def headers_received(self, headers: HeaderPairs, *, end_stream: bool) -> None:
        """Never called at the server: the request's headers opened the stream."""

    def writable(self) -> None:
        """Wake whoever waits in `write`."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def closed(self, error: StreamEnd | None) -> None:  # noqa: ARG002  # all ends are the same here
        """Be told that the stream is no more."""
        # Stream and call let go of each other: the collector of cycles took 0.3 µs for each call.
        self.stream.listener = UNHEARD
        if not self.is_done:
            self.is_done = True
            self._let_go()
            self._tell_cancelled()

    def drop_data(self, byte_count: int, *, end_stream: bool) -> None:
        """Take DATA that came after the end: its caller learns that nobody reads it.

        Most callers have the rest of a short request under way, which needs no such answer.
        """
        if end_stream or self.stream.queued_bytes:
            self.stream.consumed(byte_count)
        else:
            self.stream.reset(ErrorCode.NO_ERROR)

    def _deadline_passed(self) -> None:
        self.cut(GrpcError(StatusCode.DEADLINE_EXCEEDED, "the deadline has passed"))

    def _tell_cancelled(self) -> None:
        callback, self.on_cancelled = self.on_cancelled, None
        if callback is not None:
            self.tell(callback)

    def tell(self, callback: Callable[[], object]) -> None:
        """Call back; what it raises ends this call and goes no further."""
        try:
            callback()
        except Exception as problem:  # whatever a handler raises ends its call alone
            self.fail(problem)

    def _let_go(self) -> None:
        """Free what the call holds beside its stream."""
        if self._timer is not None:
            self._timer.cancel()
        self.writable()

    def _fits(self, message: bytes) -> bool:
        limit = self.host.limits.message_bytes_out
        if len(message) <= limit:
            return True
        self.finish(
            GrpcError(
                StatusCode.RESOURCE_EXHAUSTED,
                f"an answer of {len(message)} bytes is over the limit of {limit} bytes",
            )
        )
        return False


Admit = Callable[[ServerCall], None]
"""Looks at a call before its method runs; raises GrpcError to refuse it."""
