"""One live channel to the hub: found by the routing servers, watched, and found again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from ranvier.client.control_stream import Break, ControlStream, InstructionHandler
from ranvier.client.dial import PLATFORM_SERVICE, Dialled, dial
from ranvier.client.error_mapping import effect_error_from_grpc, error_from_grpc, unreachable
from ranvier.client.errors import (
    ConnectionLost,
    HubClosed,
    HubError,
    HubUnreachable,
    Overloaded,
)
from ranvier.client.reconnect import delay_seconds
from ranvier.client.settings import ConnectionSettings
from ranvier.proto import control_pb2
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.outgoing_call import AnswerListener, OutgoingCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.tls import TlsUnusable

T = TypeVar("T")
LOG = logging.getLogger("ranvier.client")

FINAL_REFUSALS: Final = frozenset(
    {
        StatusCode.PERMISSION_DENIED,
        StatusCode.UNAUTHENTICATED,
        StatusCode.NOT_FOUND,
        StatusCode.INVALID_ARGUMENT,
    }
)
"""What ends the first attempt to connect at once: waiting would not help."""

RETIRED_SECONDS: Final = 30.0
"""How long calls may run on with a node that this client has left."""

REPEATS: Final = 8
"""How often a call that no server has acted on is sent again."""
REPEAT_SECONDS: Final = 0.005
"""Before the first repeat; doubled with each."""


class Connection:
    """Calls go to the live channel, whichever it is; `watch` tells of every change of it."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.settings = settings
        self.metadata = settings.metadata()
        """What goes with every call: context, client id and access token."""
        self._channel: Channel | None = None
        self._control: ControlStream | None = None
        self._observers: dict[object, Callable[[], None]] = {}
        self._handlers: dict[str, InstructionHandler] = {}
        self._task: asyncio.Task[None] | None = None
        self._change: asyncio.Future[None] | None = None
        self._refusal: HubError | None = None
        self._last_reason = "nothing was tried yet"
        self._is_closed = False
        self._retired: dict[asyncio.Task[None], Channel] = {}

    @property
    def context(self) -> str:
        """The context that every call names."""
        return self.settings.context

    @property
    def client_id(self) -> str:
        """The id by which the hub knows this client."""
        return self.settings.identity.client_id

    @property
    def component_name(self) -> str:
        """The application that this client is a part of."""
        return self.settings.identity.component_name

    @property
    def channel(self) -> Channel | None:
        """The channel that calls go to now; None while there is none."""
        channel = self._channel
        return channel if channel is not None and channel.takes_calls else None

    async def start(self) -> None:
        """Connect; raises HubUnreachable after the time to connect, a refusal at once."""
        self._task = asyncio.get_running_loop().create_task(self._stay_connected())
        try:
            await self.wait_connected()
        except ConnectionLost:
            raise unreachable(str(self.settings.servers), self._last_reason) from None

    async def close(self) -> None:
        """Take leave of the hub; calls that run fail."""
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        control, self._control = self._control, None
        if control is not None:
            control.close()
        channel, self._channel = self._channel, None
        for each in (channel, *self._retired.values()):
            if each is not None:
                await each.close()
        await asyncio.gather(*self._retired)
        self._changed()

    async def wait_connected(self) -> Channel:
        """Return the live channel; ConnectionLost where none comes in the time to connect."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.connect_timeout_seconds):
                while True:
                    if self.channel is not None:
                        return self.channel
                    if self._is_closed:
                        raise HubClosed("this hub was closed; connect again")
                    if self._refusal is not None:
                        raise self._refusal
                    await self.wait_changed()
        raise ConnectionLost(f"the hub is not connected: {self._last_reason}")

    async def ready_channel(self) -> Channel:
        """Return the live channel once it takes a call; Overloaded where it long takes none."""
        channel = self.channel
        if channel is not None and channel.has_room:
            return channel
        try:
            async with asyncio.timeout(self.settings.connect_timeout_seconds):
                while channel is None or not channel.has_room:
                    channel = await self.wait_connected()
                    await channel.wait_for_room()
        except TimeoutError:
            raise Overloaded("the server takes no more calls at a time") from None
        return channel

    async def wait_changed(self) -> None:
        """Wait until the channel is lost, replaced or there again."""
        if self._change is None:
            self._change = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._change)

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call back whenever `channel` has changed; returns what ends that."""
        key = object()
        self._observers[key] = observer
        return lambda: self._observers.pop(key, None) and None

    def on_instruction(self, kind: str, handler: InstructionHandler) -> None:
        """Have instructions of one kind, as in `pause_event_processor`, handed to this handler."""
        self._handlers[kind] = handler

    def send_instruction(self, instruction: control_pb2.PlatformInboundInstruction) -> bool:
        """Send on the control stream; False while there is none."""
        if self._control is None or self.channel is None:
            return False
        self._control.send(instruction)
        return True

    async def unary(
        self,
        service: str,
        method: str,
        message: bytes,
        *,
        timeout_seconds: float | None = None,
        has_effect: bool = False,
    ) -> bytes:
        """Send one message and return the one that answers it; HubError if the call fails.

        A call that no server has acted on is sent again. `has_effect`: a request that changes
        something, of which a missing answer is `OutcomeUnknown`.
        """
        path = f"/{service}/{method}"
        return await self.repeated(
            lambda channel: channel.unary(
                path, message, metadata=self.metadata, timeout_seconds=timeout_seconds
            ),
            has_effect=has_effect,
        )

    async def repeated(
        self, attempt: Callable[[Channel], Awaitable[T]], *, has_effect: bool = False
    ) -> T:
        """Make a call on the live channel, again while no server has acted on it, as `unary`."""
        for number in range(REPEATS + 1):
            channel = await self.ready_channel()
            try:
                return await attempt(channel)
            except GrpcError as error:
                if not error.is_unprocessed or number == REPEATS:
                    translate = effect_error_from_grpc if has_effect else error_from_grpc
                    raise translate(error) from error
            await asyncio.sleep(REPEAT_SECONDS * 2**number)
        raise AssertionError  # the last attempt returns or raises

    async def stream(
        self, service: str, method: str, *, timeout_seconds: float | None = None
    ) -> ClientCall:
        """Open a call of any kind for a coroutine, once there is a channel.

        What the call itself raises is a GrpcError: read and write it within `translated()`.
        """
        channel = await self.ready_channel()
        return channel.stream(
            f"/{service}/{method}", metadata=self.metadata, timeout_seconds=timeout_seconds
        )

    def open(
        self,
        service: str,
        method: str,
        listener: AnswerListener,
        *,
        timeout_seconds: float | None = None,
    ) -> OutgoingCall:
        """Open a call of any kind whose answers go to callbacks; ConnectionLost without a channel.

        The listener is told of a GrpcError: `error_from_grpc` says what it means.
        """
        channel = self.channel
        if channel is None:
            raise ConnectionLost(f"the hub is not connected: {self._last_reason}")
        return channel.open(
            f"/{service}/{method}",
            listener,
            metadata=self.metadata,
            timeout_seconds=timeout_seconds,
        )

    # How the channel is kept.

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            began = asyncio.get_running_loop().time()
            status = await self._connect_once()
            lived_seconds = asyncio.get_running_loop().time() - began
            is_stable = lived_seconds > self.settings.delays.unavailable_seconds_max
            failures = 1 if is_stable else failures + 1
            await asyncio.sleep(
                delay_seconds(self.settings.delays, status, failures, random.random)
            )

    async def _connect_once(self) -> StatusCode | None:
        """Connect, stay until that is over, and return by what status it ended."""
        try:
            dialled = await dial(self.settings)
        except GrpcError as error:
            self._last_reason = str(error)
            if self._channel is None and error.status in FINAL_REFUSALS:
                self._refusal = error_from_grpc(error)
                self._changed()
            return error.status
        except TlsUnusable as problem:
            self._last_reason = str(problem)
            self._refusal = HubUnreachable(str(problem))
            self._changed()
            return StatusCode.FAILED_PRECONDITION
        except Exception:  # a server may answer anything; this task must outlive it
            LOG.exception("a server answered in a way that cannot be read")
            self._last_reason = "a server answered in a way that cannot be read"
            return None
        end = await self._use(dialled)
        self._last_reason = end.reason
        LOG.info("the connection to %s is over: %s", dialled.address, end.reason)
        return StatusCode.UNAVAILABLE if end.keeps_channel else end.status

    async def _use(self, dialled: Dialled) -> Break:
        """Make this channel the live one until it is to be given up."""
        old_channel, self._channel = self._channel, dialled.channel
        old_control, self._control = self._control, self._open_control(dialled)
        self._refusal = None
        self._changed()
        if old_control is not None:
            old_control.close()
        if old_channel is not None:
            self._retire(old_channel)
        end = await self._until_over(dialled.channel)
        if end.keeps_channel and dialled.channel.takes_calls:
            return end
        if self._control is not None:
            self._control.close()
        self._channel = self._control = None
        self._changed()
        if end.is_dead:
            await dialled.channel.close()
        else:
            self._retire(dialled.channel)
        return end

    def _retire(self, channel: Channel) -> None:
        """Let the calls of a channel end by themselves, for a while."""
        task = asyncio.get_running_loop().create_task(until_drained(channel))
        self._retired[task] = channel
        task.add_done_callback(lambda done: self._retired.pop(done, None))

    def _open_control(self, dialled: Dialled) -> ControlStream | None:
        if not dialled.has_platform:
            return None
        control = ControlStream(self.settings.identity, self.settings.heartbeats, self._handlers)
        path = f"/{PLATFORM_SERVICE}/OpenStream"
        control.opened(dialled.channel.open(path, control, metadata=self.metadata))
        return control

    async def _until_over(self, channel: Channel) -> Break:
        leaving = asyncio.ensure_future(channel.wait_leaving())
        control = self._control
        waited: set[asyncio.Future[Any]] = {leaving}
        if control is not None:
            waited.add(control.over)
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
        if control is not None and control.over.done():
            return control.over.result()
        return Break("the server takes no further calls", StatusCode.UNAVAILABLE)

    def _changed(self) -> None:
        change, self._change = self._change, None
        if change is not None and not change.done():
            change.set_result(None)
        for observer in list(self._observers.values()):
            observer()


async def until_drained(channel: Channel) -> None:
    """Close a channel once its calls have ended, or when their time is over."""
    channel.drain()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(RETIRED_SECONDS):
            await channel.wait_closed()
    await channel.close()
