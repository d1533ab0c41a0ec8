"""The four kinds of call, each with callbacks or with coroutines: what a server may offer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from ranvier.wire.grpc.awaiting import answered, finished, iterated
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.stream_call import OpenCall, StreamMethod
from ranvier.wire.grpc.unary_call import Handler, Oversized, UnaryMethod

Method = UnaryMethod | StreamMethod


def unary(
    handler: Callable[[ServerCall, bytes], Awaitable[bytes]], *, oversized: Oversized | None = None
) -> Method:
    """Offer a coroutine that turns one message into one."""
    return UnaryMethod(answered(handler), oversized)


def server_streaming(
    handler: Callable[[ServerCall, bytes], Awaitable[None]], *, oversized: Oversized | None = None
) -> Method:
    """Offer a coroutine that answers one message by many, sent with `await call.write`."""
    return UnaryMethod(finished(handler), oversized)


def streaming_async(
    handler: Callable[[ServerCall, AsyncIterator[bytes]], Awaitable[None]],
    *,
    oversized: Oversized | None = None,
) -> Method:
    """Offer a coroutine that reads many messages and sends any number with `await call.write`."""
    return StreamMethod(iterated(handler), oversized)


def unary_callback(handler: Handler, *, oversized: Oversized | None = None) -> Method:
    """Offer a callback that takes one message; it answers then or later by reply or finish."""
    return UnaryMethod(handler, oversized)


def streaming(open_call: OpenCall, *, oversized: Oversized | None = None) -> Method:
    """Offer a callback that names who takes the messages of a call, of any kind."""
    return StreamMethod(open_call, oversized)
