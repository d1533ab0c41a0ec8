"""One connection of a gRPC client: opens streams for calls, and tells when it is over."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from ranvier.wire.flush import Flusher
from ranvier.wire.grpc.assembly import AssemblyRoom
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.outgoing_call import OutgoingCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.connection import Role
from ranvier.wire.http2.errors import ConnectionClosing, StreamsExhausted
from ranvier.wire.http2.headers import HeaderPairs, ReadyBlock
from ranvier.wire.link import Link


class ClientLink(Link):
    """Carries the calls of one channel."""

    def __init__(self, limits: GrpcLimits) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(Role.CLIENT, limits.http2, limits.connection, Flusher(loop))
        self.limits = limits
        self.room = AssemblyRoom(
            limits.assembly_bytes_per_connection, limits.assembly_waiting_per_connection
        )
        self.is_leaving: asyncio.Future[None] = loop.create_future()
        """Done once no further calls are taken."""
        self.has_ended: asyncio.Future[str] = loop.create_future()
        """Becomes the reason once the connection is no more."""
        self._has_settings: asyncio.Future[None] = loop.create_future()
        self._waiting: deque[asyncio.Future[None]] = deque()

    def open(self, call: OutgoingCall, headers: HeaderPairs | ReadyBlock) -> None:
        """Send the head of a call; the call fails at once where no stream is to be had."""
        try:
            call.stream = self.http2.open_stream(headers, end_stream=False, listener=call)
        except (ConnectionClosing, StreamsExhausted) as problem:
            error = GrpcError(StatusCode.UNAVAILABLE, str(problem))
            error.is_unprocessed = True
            call.finish(error)

    @property
    def has_room(self) -> bool:
        """The server takes one more stream now."""
        return self.http2.can_open_stream

    async def wait_for_room(self) -> None:
        """Wait until the server takes one more stream, or none ever again; first come, first go."""
        while not (self.has_room or self.is_leaving.done()):
            waiter = self.loop.create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if not waiter.cancelled():
                    self.call_closed()  # the room that this one was told of is for the next
                raise

    def call_closed(self) -> None:
        """Tell who has waited longest that a stream has ended."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def wait_established(self) -> None:
        """Wait for the server's settings; ConnectionError if it ends the connection before."""
        either: set[asyncio.Future[Any]] = {self._has_settings, self.has_ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._has_settings.done():
            raise ConnectionError(self.has_ended.result())

    def established(self) -> None:
        """Note that the server speaks HTTP/2."""
        self._has_settings.set_result(None)

    def ended(self, reason: str) -> None:
        """Note the end."""
        self.stop_calls()
        if not self.has_ended.done():
            self.has_ended.set_result(reason)

    def goaway_received(
        self,
        last_stream_id: int,  # noqa: ARG002  # HTTP/2 has closed the streams above it
        code: int,  # noqa: ARG002  # whatever the reason
        debug: bytes,  # noqa: ARG002  # as above
    ) -> None:
        """Open no further calls here."""
        self.stop_calls()

    def stop_calls(self) -> None:
        """Note that no further calls are taken."""
        if not self.is_leaving.done():
            self.is_leaving.set_result(None)
        waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
