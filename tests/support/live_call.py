"""A two-way call of a grpcio client, message by message."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any, Generic, Self, TypeVar

import grpc

Q = TypeVar("Q")
A = TypeVar("A")

HALF_CLOSE = object()
LONGEST_SECONDS = 100
"""Bounds a failure."""


class LiveCall(Generic[Q, A]):
    """Sends when it is told to, and waits for one answer at a time."""

    def __init__(self, method: Callable[..., Any], *first: Q, metadata: Any = None) -> None:
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.send(*first)
        self._answers = method(
            iter(self._requests.get, HALF_CLOSE), metadata=metadata, timeout=LONGEST_SECONDS
        )

    def send(self, *requests: Q) -> None:
        for request in requests:
            self._requests.put(request)

    def half_close(self) -> None:
        self._requests.put(HALF_CLOSE)

    def next(self) -> A:
        """Return the next answer; it comes, or the call's time-out fails the test."""
        answer: A = next(self._answers)
        return answer

    def take(self, count: int) -> list[A]:
        return [self.next() for _ in range(count)]

    def rest(self) -> list[A]:
        """Half-close and return what comes until OK."""
        self.half_close()
        return list(self._answers)

    def refusal(self) -> Refusal:
        """Return the error that ends the call, after any answers."""
        try:
            for _ in self._answers:
                pass
        except grpc.RpcError as error:
            return refusal_of(error)
        raise AssertionError("the call ended by OK")

    def cancel(self) -> None:
        self._answers.cancel()
        self.half_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.cancel()


class Refusal:
    """Status, text and Axon's code of a call that was refused."""

    def __init__(self, status: grpc.StatusCode, text: str, axon_code: str) -> None:
        self.status = status
        self.text = text
        self.axon_code = axon_code


def refusal_of(error: Any) -> Refusal:
    """Return what a client was told of an error."""
    trailers = dict(error.trailing_metadata() or ())
    return Refusal(error.code(), error.details(), trailers.get("axoniq-errorcode", ""))


def refused(call: Callable[[], Any]) -> Refusal:
    """Make a call that must be refused; an answer that streams is read to its end."""
    try:
        answer = call()
        if isinstance(answer, Iterator):
            list(answer)
    except grpc.RpcError as error:
        return refusal_of(error)
    raise AssertionError("the call was not refused")
