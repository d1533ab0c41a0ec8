"""The calls of one service with messages in place of bytes, over any connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Final, Protocol, Self, TypeVar

from ranvier.client.error_mapping import (
    effect_error_from_grpc,
    error_from_grpc,
    is_repeatable,
    translated,
)
from ranvier.client.errors import OutcomeUnknown
from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.framing import frame
from ranvier.wire.grpc.status import GrpcError

READ_MANY: Final = 64
"""Messages taken from a call at a time: what it keeps ready for its reader."""

WRITE_BYTES: Final = 64 * 1024
"""Of framed messages written at a time."""

REPEATS: Final = 8
"""How often a call that no server has acted on is sent again."""

REPEAT_SECONDS: Final = 0.005
"""Before the first repeat; doubled with each."""


class Message(Protocol):
    """What generated messages can do."""

    def SerializeToString(self) -> bytes:  # noqa: N802  # the name that protobuf gives it
        """Return the message as bytes."""

    @classmethod
    def FromString(cls, data: bytes, /) -> Self:  # noqa: N802  # as above
        """Return the message that bytes stand for."""


Answer = TypeVar("Answer", bound=Message)


class Connection(Protocol):
    """What the services need of a connection; `connection.Connection` has it."""

    @property
    def context(self) -> str:
        """The context that every call names."""

    @property
    def client_id(self) -> str:
        """The id by which the hub knows this client."""

    @property
    def component_name(self) -> str:
        """The application that this client is a part of."""

    async def unary(
        self,
        service: str,
        method: str,
        message: bytes,
        *,
        timeout_seconds: float | None = None,
        has_effect: bool = False,
    ) -> bytes:
        """Send one message and return the one that answers it."""

    async def stream(
        self, service: str, method: str, *, timeout_seconds: float | None = None
    ) -> ClientCall:
        """Open a call of any kind."""


class TypedCalls:
    """Calls one service; every method raises HubError where the call fails."""

    def __init__(self, connection: Connection, service: str) -> None:
        self.connection = connection
        self.service = service

    async def ask(
        self, method: str, request: Message, answer: type[Answer], *, has_effect: bool = False
    ) -> Answer:
        """Send one message and return its answer; of a lost effect the outcome is unknown."""
        data = await self.connection.unary(
            self.service, method, request.SerializeToString(), has_effect=has_effect
        )
        return answer.FromString(data)

    async def open(self, method: str) -> ClientCall:
        """Open a call with streams; read and write it within `translated()`."""
        return await self.connection.stream(self.service, method)

    async def read(
        self, method: str, request: Message, answer: type[Answer]
    ) -> AsyncGenerator[Answer, None]:
        """Send one message and yield all that answers it."""
        call, messages = await self._first(method, request)
        try:
            while messages:
                for message in messages:
                    yield answer.FromString(message)
                with translated():
                    messages = await call.read_many(READ_MANY)
        finally:
            call.cancel()

    async def carry_out(self, method: str, request: Message) -> None:
        """Send one message that changes something and wait for the end of the answer."""
        call, messages = await self._first(method, request, has_effect=True)
        try:
            with translated(has_effect=True):
                while messages:
                    messages = await call.read_many(READ_MANY)
        finally:
            call.cancel()

    async def send_all(
        self, method: str, requests: Iterable[Message], answer: type[Answer]
    ) -> Answer:
        """Send messages that change something together and return the one answer to them."""
        blocks = framed_blocks(requests)
        for attempt in range(REPEATS + 1):
            call = await self.open(method)
            try:
                return answer.FromString(await sent(call, blocks))
            except GrpcError as error:
                if not is_repeatable(error) or attempt == REPEATS:
                    # What has not been half-closed is not carried out.
                    translate = effect_error_from_grpc if call.is_half_closed else error_from_grpc
                    raise translate(error) from error
            finally:
                call.cancel()
            await asyncio.sleep(REPEAT_SECONDS * 2**attempt)
        raise AssertionError  # the last attempt returns or raises

    async def _first(
        self, method: str, request: Message, *, has_effect: bool = False
    ) -> tuple[ClientCall, list[bytes]]:
        """Open a call and return it with its first messages, none where it has ended."""
        data = request.SerializeToString()
        for attempt in range(REPEATS + 1):
            call = await self.open(method)
            try:
                await call.write(data)
                call.half_close()
                return call, await call.read_many(READ_MANY)
            except GrpcError as error:
                if not is_repeatable(error) or attempt == REPEATS:
                    translate = effect_error_from_grpc if has_effect else error_from_grpc
                    raise translate(error) from error
            except BaseException:
                call.cancel()
                raise
            await asyncio.sleep(REPEAT_SECONDS * 2**attempt)
        raise AssertionError  # the last attempt returns or raises


def framed_blocks(requests: Iterable[Message]) -> list[bytes]:
    """Return messages framed and joined to blocks of about 64 KiB."""
    blocks: list[bytes] = []
    parts: list[bytes] = []
    size_bytes = 0
    for request in requests:
        parts.append(frame(request.SerializeToString()))
        size_bytes += len(parts[-1])
        if size_bytes >= WRITE_BYTES:
            blocks.append(b"".join(parts))
            parts, size_bytes = [], 0
    if parts:
        blocks.append(b"".join(parts))
    return blocks


async def sent(call: ClientCall, blocks: list[bytes]) -> bytes:
    """Write blocks, half-close and return the one answer, once the call has ended well."""
    for block in blocks:
        await call.write_framed(block)
    call.half_close()
    answer = await call.read()
    if answer is None:
        raise OutcomeUnknown("the server ended the call without an answer")
    # A status other than OK counts, even behind an answer.
    await call.read()
    return answer
