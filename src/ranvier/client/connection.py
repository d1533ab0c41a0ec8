"""The connection to a hub: kept by redialling, used by calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from ranvier.client.control_stream import Break, ControlStream, InstructionHandler
from ranvier.client.dial import PLATFORM_SERVICE, Dialled, dial
from ranvier.client.error_mapping import (
    effect_error_from_grpc,
    error_from_grpc,
    is_repeatable,
    unreachable,
)
from ranvier.client.errors import ConnectionLost, HubUnreachable, InvalidRequest
from ranvier.client.live_channel import LiveChannel
from ranvier.client.reconnect import delay_seconds
from ranvier.client.server_address import ServerAddress
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
        self._live = LiveChannel(settings.connect_timeout_seconds)
        self._control: ControlStream | None = None
        self._handlers: dict[str, InstructionHandler] = {}
        self._task: asyncio.Task[None] | None = None
        self._last_node: ServerAddress | None = None
        """Where it was connected last: asked, too, for the node to use next."""

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
    def node(self) -> str:
        """The node in use as `host:port`, or while there is none the last one; empty before it."""
        return str(self._last_node or "")

    @property
    def channel(self) -> Channel | None:
        """The channel that calls go to now; None while there is none."""
        return self._live.current

    async def start(self) -> None:
        """Connect; raises HubUnreachable after the time to connect, a refusal at once."""
        self._task = asyncio.get_running_loop().create_task(self._stay_connected())
        try:
            await self.wait_connected()
        except ConnectionLost:
            raise unreachable(str(self.settings.servers), self._live.last_reason) from None

    async def close(self) -> None:
        """Take leave of the hub; calls that run fail."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._end_control()
        await self._live.close()

    async def wait_connected(self) -> Channel:
        """Return the live channel; ConnectionLost where none comes in the time to connect."""
        return await self._live.wait()

    async def ready_channel(self) -> Channel:
        """Return the live channel once it takes a call; Overloaded where it long takes none."""
        return await self._live.wait_with_room()

    async def wait_changed(self) -> None:
        """Wait until the channel is lost, replaced or there again."""
        await self._live.wait_changed()

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call back whenever `channel` has changed; returns what ends that."""
        return self._live.watch(observer)

    def on_instruction(self, kind: str, handler: InstructionHandler) -> None:
        """Have instructions of one kind, as in `pause_event_processor`, handed to this handler."""
        self._handlers[kind] = handler

    def send_instruction(self, instruction: control_pb2.PlatformInboundInstruction) -> bool:
        """Send on the control stream; False while there is none."""
        if self._control is None or self.channel is None:
            return False
        self._control.send(instruction)
        return True

    def refuse_too_long(self, message: bytes) -> None:
        """Raise InvalidRequest for a message that is longer than any that this client sends."""
        limit = self.settings.limits.message_bytes_out
        if len(message) > limit:
            raise InvalidRequest(
                f"a message of {len(message)} bytes is over the limit of {limit} bytes"
            )

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
        self.refuse_too_long(message)
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
            channel = await self._live.wait_with_room()
            try:
                return await attempt(channel)
            except GrpcError as error:
                if not is_repeatable(error) or number == REPEATS:
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
        channel = await self._live.wait_with_room()
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
            raise ConnectionLost(f"the hub is not connected: {self._live.last_reason}")
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
        live = self._live
        try:
            dialled = await dial(self.settings, self._last_node)
        except GrpcError as error:
            live.last_reason = str(error)
            if error.status in FINAL_REFUSALS:
                live.refused(error_from_grpc(error))
            return error.status
        except TlsUnusable as problem:
            live.last_reason = str(problem)
            live.refused(HubUnreachable(str(problem)))
            return StatusCode.FAILED_PRECONDITION
        except Exception:  # a server may answer anything; this task must outlive it
            LOG.exception("a server answered in a way that cannot be read")
            live.last_reason = "a server answered in a way that cannot be read"
            return None
        self._last_node = dialled.address
        end = await self._use(dialled)
        live.last_reason = end.reason
        LOG.info("the connection to %s is over: %s", dialled.address, end.reason)
        return StatusCode.UNAVAILABLE if end.keeps_channel else end.status

    async def _use(self, dialled: Dialled) -> Break:
        """Make this channel the live one until it is to be given up."""
        self._end_control()
        self._control = self._open_control(dialled)
        self._live.replace(dialled.channel)
        end = await self._until_over(dialled.channel)
        if not (end.keeps_channel and dialled.channel.takes_calls):
            self._end_control()
            await self._live.lose(is_dead=end.is_dead)
        return end

    def _end_control(self) -> None:
        control, self._control = self._control, None
        if control is not None:
            control.close()

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
