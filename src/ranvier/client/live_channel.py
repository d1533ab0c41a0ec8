"""The channel that calls go to now: replaced, lost and waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from ranvier.client.errors import ConnectionLost, HubClosed, HubError, Overloaded
from ranvier.client.signal import Signal
from ranvier.wire.grpc.channel import Channel

RETIRED_SECONDS: Final = 30.0
"""How long calls may run on with a node that this client has left."""


class LiveChannel:
    """Holds one channel or none; whoever watches is told of every change."""

    def __init__(self, patience_seconds: float) -> None:
        """Let nobody wait for longer than this."""
        self._patience_seconds = patience_seconds
        self._channel: Channel | None = None
        self._retired: dict[asyncio.Task[None], Channel] = {}
        self._observers: dict[object, Callable[[], None]] = {}
        self._change = Signal()
        self._is_closed = False
        self._refusal: HubError | None = None
        self.last_reason = "nothing was tried yet"
        """Why there is no channel, or why there was none last."""

    @property
    def current(self) -> Channel | None:
        """The channel, while it takes calls."""
        channel = self._channel
        return channel if channel is not None and channel.takes_calls else None

    def replace(self, channel: Channel) -> None:
        """Send calls there from now on; those that run on the old channel end by themselves."""
        old, self._channel = self._channel, channel
        self._refusal = None
        self.changed()
        if old is not None:
            self._retire(old)

    async def lose(self, *, is_dead: bool) -> None:
        """Be without a channel; of a dead one no answers are waited for."""
        channel, self._channel = self._channel, None
        self.changed()
        if channel is None:
            return
        if is_dead:
            await channel.close()
        else:
            self._retire(channel)

    def refused(self, refusal: HubError) -> None:
        """Tell those who wait why there will be no channel soon; nothing while there is one."""
        if self.current is None:
            self._refusal = refusal
            self.changed()

    async def close(self) -> None:
        """Close the channel and those that are still used; nobody waits any longer."""
        self._is_closed = True
        channel, self._channel = self._channel, None
        for each in (channel, *self._retired.values()):
            if each is not None:
                await each.close()
        await asyncio.gather(*self._retired)
        self.changed()

    async def wait(self) -> Channel:
        """Return the channel; ConnectionLost where none comes in time, a refusal at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience_seconds):
                while True:
                    channel = self.current
                    if channel is not None:
                        return channel
                    if self._is_closed:
                        raise HubClosed("this hub was closed; connect again")
                    if self._refusal is not None:
                        raise self._refusal
                    await self.wait_changed()
        raise ConnectionLost(f"the hub is not connected: {self.last_reason}")

    async def wait_with_room(self) -> Channel:
        """Return the channel once it takes one more call; Overloaded where it long takes none."""
        channel = self.current
        if channel is not None and channel.has_room:
            return channel
        try:
            async with asyncio.timeout(self._patience_seconds):
                while channel is None or not channel.has_room:
                    channel = await self.wait()
                    await channel.wait_for_room()
        except TimeoutError:
            if self.current is None:
                raise ConnectionLost(f"the hub is not connected: {self.last_reason}") from None
            raise Overloaded("the server takes no more calls at a time") from None
        return channel

    async def wait_changed(self) -> None:
        """Wait until the channel is lost, replaced or there again."""
        await self._change.wait()

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call back on every change; returns what ends that."""
        key = object()
        self._observers[key] = observer
        return lambda: self._observers.pop(key, None) and None

    def changed(self) -> None:
        """Tell all who wait or watch."""
        self._change.give()
        for observer in list(self._observers.values()):
            observer()

    def _retire(self, channel: Channel) -> None:
        task = asyncio.get_running_loop().create_task(until_drained(channel))
        self._retired[task] = channel
        task.add_done_callback(lambda done: self._retired.pop(done, None))


async def until_drained(channel: Channel) -> None:
    """Close a channel once its calls have ended, or when their time is over."""
    channel.drain()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(RETIRED_SECONDS):
            await channel.wait_closed()
    await channel.close()
