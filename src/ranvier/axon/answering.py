"""Methods whose refusals become the answers that Axon clients expect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ranvier.axon.errors import grpc_error
from ranvier.errors import RanvierError
from ranvier.wire.grpc.methods import Method, server_streaming, unary
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.unary_call import Oversized


def answering_one(
    handler: Callable[[ServerCall, bytes], Awaitable[bytes]], oversized: Oversized | None = None
) -> Method:
    """Offer a coroutine that turns one message into one and may raise a `RanvierError`."""

    async def answer(call: ServerCall, message: bytes) -> bytes:
        try:
            return await handler(call, message)
        except RanvierError as error:
            raise grpc_error(error) from error

    return unary(answer, oversized=oversized)


def answering_many(handler: Callable[[ServerCall, bytes], Awaitable[None]]) -> Method:
    """Offer a coroutine that answers one message by many and may raise a `RanvierError`."""

    async def answer(call: ServerCall, message: bytes) -> None:
        try:
            await handler(call, message)
        except RanvierError as error:
            raise grpc_error(error) from error

    return server_streaming(answer)
