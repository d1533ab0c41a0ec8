"""A channel for tests that takes callers to one node of a cluster and handlers to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any, Self

import grpc

CONNECT_SECONDS = 30
AXON = "/io.axoniq.axonserver.grpc"
OF_HANDLERS = frozenset(
    {
        f"{AXON}.command.CommandService/OpenStream",
        f"{AXON}.query.QueryService/OpenStream",
        f"{AXON}.control.PlatformService/OpenStream",
    }
)
"""Calls by which clients offer something; all others ask for something."""


class SplitChannel:
    """Looks like a channel of grpcio to the stubs.

    Before whatever a caller sends `settle` waits until his node knows what the others have.
    """

    def __init__(self, caller: str, handlers: Sequence[str], settle: Callable[[], None]) -> None:
        self._caller = connected(caller)
        self._handlers = [connected(address) for address in handlers]
        self._turns = cycle(self._handlers)
        self._settle = settle
        self.unary_unary = self._maker("unary_unary")
        self.unary_stream = self._maker("unary_stream")
        self.stream_unary = self._maker("stream_unary")
        self.stream_stream = self._maker("stream_stream")

    def close(self) -> None:
        for channel in (self._caller, *self._handlers):
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _maker(self, kind: str) -> Callable[..., Any]:
        def make(path: str, *more: Any, **options: Any) -> Callable[..., Any]:
            if path in OF_HANDLERS:
                method: Callable[..., Any] = getattr(next(self._turns), kind)(
                    path, *more, **options
                )
                return method
            return Settled(getattr(self._caller, kind)(path, *more, **options), self._settle, kind)

        return make


def connected(address: str) -> grpc.Channel:
    """Return a channel whose calls arrive in the order in which they are made.

    Those that grpcio is asked for before it is connected begin in any order.
    """
    channel = grpc.insecure_channel(address)
    with suppress(grpc.RpcError):  # there is no such method; it is told by who is connected
        channel.unary_unary("/none/None")(b"", wait_for_ready=True, timeout=CONNECT_SECONDS)
    return channel


class Settled:
    """A method of a stub that waits before each message of its caller."""

    def __init__(self, method: Any, settle: Callable[[], None], kind: str) -> None:
        self._method = method
        self._settle = settle
        self._has_stream = kind.startswith("stream")

    def __call__(self, request: Any, *more: Any, **named: Any) -> Any:
        return self._method(self._before(request), *more, **named)

    def future(self, request: Any, *more: Any, **named: Any) -> Any:
        return self._method.future(self._before(request), *more, **named)

    def with_call(self, request: Any, *more: Any, **named: Any) -> Any:
        return self._method.with_call(self._before(request), *more, **named)

    def _before(self, request: Any) -> Any:
        self._settle()
        return self._each(request) if self._has_stream else request

    def _each(self, requests: Iterator[Any]) -> Iterator[Any]:
        for request in requests:
            self._settle()
            yield request
