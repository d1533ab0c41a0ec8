"""The handlers of one kind that a hub offers, on whichever connection it has."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any, Final

from ranvier.client.arguments import is_sendable_text
from ranvier.client.connection import Connection
from ranvier.client.error_mapping import error_from_grpc
from ranvier.client.errors import ConnectionLost, HandlerUnusable
from ranvier.client.handler_stream import Dialect, HandlerStream, Receive, Subscription
from ranvier.client.reconnect import delay_seconds
from ranvier.client.signal import Signal
from ranvier.client.taking_over import TakingOver
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.status import GrpcError

UNSUBSCRIBE_SECONDS: Final = 2.0
"""How long a server may take to confirm that it sends no further work."""


class Subscriptions:
    """Offers every handler again whenever the connection or the stream is a new one."""

    def __init__(
        self, connection: Connection, dialect: Dialect, permits: int, receive: Receive
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._permits = permits
        self._receive = receive
        self._by_name: dict[str, Subscription] = {}
        self._stream: HandlerStream | None = None
        self._channel: Channel | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._failures = 0
        self._refusal: GrpcError | None = None
        """Why the stream ended last on the present channel, until handlers are confirmed."""
        self._is_closing = False
        self._changed = Signal()
        self._taking_over = TakingOver(
            lambda: list(self._by_name.values()), lambda: self._stream, self._changed
        )
        self.on_stream_ended: Callable[[HandlerStream], None] | None = None
        """Told of each stream that is over, with all that came by it."""
        self._cancel_watch = connection.watch(self._look)

    @property
    def stream(self) -> HandlerStream | None:
        """The stream that is open now."""
        return self._stream

    def find(self, name: str) -> Subscription | None:
        """Return who handles this name."""
        return self._by_name.get(name)

    def add(self, subscription: Subscription) -> None:
        """Offer one more handler, now and on every later connection."""
        if not subscription.name:
            raise HandlerUnusable("a handler needs the name of what it handles")
        if not is_sendable_text(subscription.name):
            raise HandlerUnusable(f"name is {subscription.name!r}; it must be text in UTF-8")
        if subscription.name in self._by_name:
            raise HandlerUnusable(f"{subscription.name} has a handler here already")
        self._by_name[subscription.name] = subscription
        if self._stream is not None:
            self._stream.subscribe(subscription)
        else:
            self._look()

    async def remove(self, name: str) -> None:
        """Withdraw a handler; returns when the server has confirmed it, or is gone."""
        if name not in self._by_name:
            raise HandlerUnusable(f"{name} has no handler here")
        left = await self._taking_over.finish()
        subscription = self._by_name.pop(name, None)
        for stream in left:
            await self._until_acknowledged(stream)
        if subscription is None:
            return
        if self._stream is not None:
            self._stream.unsubscribe(subscription)
            await self._until_acknowledged(self._stream)

    async def ready(self) -> None:
        """Wait until the server has confirmed every handler; HandlerUnusable if it refuses one.

        Raises what the server says where it refuses the stream itself for the time to connect.
        """
        while True:
            try:
                async with asyncio.timeout(self._connection.settings.connect_timeout_seconds):
                    return await self._until_confirmed()
            except TimeoutError:
                if self._refusal is not None:
                    raise error_from_grpc(self._refusal) from self._refusal

    async def _until_confirmed(self) -> None:
        while self._by_name and not self._is_closing:
            stream = self._stream
            if stream is None:
                await self._changed.wait()
            elif stream.is_acknowledged:
                self._refusal = None
                self._raise_refusal(stream)
                return
            else:
                await stream.changed.wait()

    async def close(self, until_done: Callable[[], Any]) -> None:
        """Withdraw all, wait for `until_done`, end the stream."""
        self._is_closing = True
        self._cancel_watch()
        if self._retry is not None:
            self._retry.cancel()
        left = await self._taking_over.finish()
        stream = self._stream
        if stream is not None:
            for subscription in self._by_name.values():
                stream.unsubscribe(subscription)
            await self._until_acknowledged(stream)
        for each in left:
            await self._until_acknowledged(each)
        await until_done()
        if stream is not None:
            await self._until_ended(stream)
        self._changed.give()

    async def _until_acknowledged(self, stream: HandlerStream) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(UNSUBSCRIBE_SECONDS):
                while stream.is_open and not stream.is_acknowledged:
                    await stream.changed.wait()

    async def _until_ended(self, stream: HandlerStream) -> None:
        stream.half_close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(UNSUBSCRIBE_SECONDS):
                while stream.is_open:
                    await stream.changed.wait()

    def _look(self) -> None:
        """Open a stream if there is something to offer and a channel that has none yet."""
        channel = self._connection.channel
        if self._is_closing or not self._by_name or channel is None:
            return
        if self._stream is not None and self._channel is channel:
            return
        old = self._stream
        self._open(channel)
        if old is not None:
            self._taking_over.begin(old)

    def _open(self, channel: Channel) -> None:
        if self._channel is not channel:
            self._failures = 0
            self._refusal = None
        stream = HandlerStream(self._dialect, self._permits, self._receive, self._ended)
        self._stream, self._channel = stream, channel
        try:
            call = self._connection.open(self._dialect.service, "OpenStream", stream)
        except ConnectionLost:
            self._stream = None
            return
        stream.opened(call, list(self._by_name.values()))
        self._changed.give()

    def _ended(self, stream: HandlerStream, error: GrpcError | None) -> None:
        if self.on_stream_ended is not None:
            self.on_stream_ended(stream)
        if stream is not self._stream:
            return
        self._stream = None
        self._changed.give()
        if self._is_closing or self._connection.channel is None:
            return
        self._failures += 1
        self._refusal = error
        delays = self._connection.settings.delays
        status = None if error is None else error.status
        seconds = delay_seconds(delays, status, self._failures, random.random)
        self._retry = asyncio.get_running_loop().call_later(seconds, self._look)

    def _raise_refusal(self, stream: HandlerStream) -> None:
        for name, words in stream.refusals.items():
            if name in self._by_name:
                raise HandlerUnusable(f"the hub refuses handlers of {name}: {words}")
