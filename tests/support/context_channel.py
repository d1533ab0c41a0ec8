"""A channel whose calls are all made in one context, without each of them saying so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc

HEADER = "axoniq-context"


class Details(NamedTuple):
    """What grpcio knows of a call before it is made."""

    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class InContext(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]  # grpcio brings no types
    grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]  # as above
    grpc.StreamUnaryClientInterceptor,  # type: ignore[misc]  # as above
    grpc.StreamStreamClientInterceptor,  # type: ignore[misc]  # as above
):
    """Names the context of every call that names none."""

    def __init__(self, context: str) -> None:
        self._context = context

    def intercept_unary_unary(self, then: Callable[..., Any], details: Any, request: Any) -> Any:
        return then(self._named(details), request)

    def intercept_unary_stream(self, then: Callable[..., Any], details: Any, request: Any) -> Any:
        return then(self._named(details), request)

    def intercept_stream_unary(self, then: Callable[..., Any], details: Any, requests: Any) -> Any:
        return then(self._named(details), requests)

    def intercept_stream_stream(self, then: Callable[..., Any], details: Any, requests: Any) -> Any:
        return then(self._named(details), requests)

    def _named(self, details: Any) -> Details:
        metadata = list(details.metadata or ())
        if not any(key == HEADER for key, _ in metadata):
            metadata.append((HEADER, self._context))
        return Details(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )
