"""One call at the client, for coroutines: write, iterate, and learn how it ended."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections import deque

from ranvier.wire.grpc.awaiting import WAITING_BYTES, WAITING_MESSAGES
from ranvier.wire.grpc.framing import frame
from ranvier.wire.grpc.metadata import Metadata
from ranvier.wire.grpc.outgoing_call import ClientHost, OutgoingCall
from ranvier.wire.grpc.server_call import QUEUE_HIGH_BYTES
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs


class ClientCall:
    """A call with streams: `async for` its messages; a failed call raises GrpcError."""

    def __init__(self, host: ClientHost) -> None:
        self.outgoing = OutgoingCall(host, self)
        self.metadata: Metadata | None = None
        """What the server sent before its messages, once something came."""
        self.trailers = Metadata(())
        """What the server sent behind its messages, once the call has ended."""
        self._loop: AbstractEventLoop = host.loop
        self._messages: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_full = False
        self._error: GrpcError | None = None
        self._is_finished = False
        self.is_half_closed = False
        """True once this side has said that no further message follows."""
        self._waiters: list[Future[None]] = []

    async def write(self, message: bytes) -> None:
        """Send one message and wait while more than 64 KiB are queued."""
        await self.write_framed(frame(message))

    async def write_framed(self, block: bytes) -> None:
        """Send framed messages and wait while more than 64 KiB are queued."""
        self._raise_error()
        self.outgoing.send_framed(block)
        while self.outgoing.queued_bytes > QUEUE_HIGH_BYTES and not self._is_finished:
            await self._change()
        self._raise_error()

    def half_close(self) -> None:
        """Say that no further message follows."""
        self.is_half_closed = True
        self.outgoing.half_close()

    def cancel(self) -> None:
        """Give the call up."""
        self.outgoing.cancel()

    async def read(self) -> bytes | None:
        """Return the next message; None once the call has ended by OK."""
        while not self._messages:
            if self._is_full:
                self._is_full = False
                self.outgoing.resume_reading()
            elif self._is_finished:
                self._raise_error()
                return None
            else:
                await self._change()
        message = self._messages.popleft()
        self._waiting_bytes -= len(message)
        return message

    async def read_many(self, limit: int) -> list[bytes]:
        """Return the messages that wait, at least one and at most `limit`; none after the end."""
        first = await self.read()
        if first is None:
            return []
        messages = [first]
        while self._messages and len(messages) < limit:
            messages.append(self._messages.popleft())
            self._waiting_bytes -= len(messages[-1])
        return messages

    async def wait_for_metadata(self) -> Metadata:
        """Wait for what the server sends before its messages; GrpcError if the call fails first."""
        while self.metadata is None and not self._is_finished:
            await self._change()
        if self.metadata is None:
            self._raise_error()
        return self.metadata or self.trailers

    def __aiter__(self) -> ClientCall:
        return self

    async def __anext__(self) -> bytes:
        message = await self.read()
        if message is None:
            raise StopAsyncIteration
        return message

    # What the call tells.

    def headers_received(self, headers: HeaderPairs) -> None:
        """Keep the metadata."""
        self.metadata = Metadata(headers)
        self._wake()

    def message_received(self, message: bytes) -> None:
        """Keep the message for `read`."""
        self._messages.append(message)
        self._waiting_bytes += len(message)
        if len(self._messages) >= WAITING_MESSAGES or self._waiting_bytes >= WAITING_BYTES:
            self._is_full = True
            self.outgoing.pause_reading()
        self._wake()

    def writable(self) -> None:
        """Wake whoever waits in `write`."""
        self._wake()

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:
        """Keep how the call ended."""
        self._is_finished = True
        self._error = error
        self.trailers = Metadata(trailers)
        self._wake()

    async def _change(self) -> None:
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
