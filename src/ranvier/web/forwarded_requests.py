"""Gives requests the client, scheme and host that trusted balancers tell; others are not heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from ranvier.web.edge import Edge
from ranvier.web.errors import ForwardedUnreadable
from ranvier.web.forwarded_origin import (
    DEFAULT_PORTS,
    HeaderPairs,
    Origin,
    forwarded_origin,
    tells_origin,
    x_forwarded_origin,
)
from ranvier.web.problem import problem_response

UNKNOWN_BALANCER: Final = "came_by_unknown_balancer"
"""In a request's state, True where somebody who is not trusted tells of a client behind it."""

HOST: Final = b"host"

Reader = Callable[[HeaderPairs, Callable[[str], bool]], Origin]
READERS: Final[dict[str, Reader]] = {
    "x-forwarded": x_forwarded_origin,
    "forwarded": forwarded_origin,
}
"""Which headers the balancers set; the others may come from anybody, and are never believed."""


class ForwardedRequests:
    """The outermost part of the HTTP application: nothing behind it sees such a header."""

    def __init__(self, app: ASGIApp, edge: Edge) -> None:
        self._app = app
        self._trusts = edge.trusted.trusts
        self._read = READERS[edge.told_by]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not any(tells_origin(name) for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        try:
            resolved = self._resolved(scope)
        except ForwardedUnreadable as refusal:
            await problem_response(refusal)(scope, receive, send)
            return
        await self._app(resolved, receive, send)

    def _resolved(self, scope: Scope) -> Scope:
        client = scope["client"]
        headers = [each for each in scope["headers"] if not tells_origin(each[0])]
        if client is None or not self._trusts(client[0]):
            state = {**scope.get("state", {}), UNKNOWN_BALANCER: True}
            return {**scope, "headers": headers, "state": state}
        origin = self._read(scope["headers"], self._trusts)
        return with_origin({**scope, "headers": headers}, origin)


def with_origin(scope: Scope, origin: Origin) -> Scope:
    """Return the scope as if the client had connected to the node itself."""
    scheme = origin.scheme or scope["scheme"]
    changed = {**scope, "scheme": scheme, "client": origin.client or scope["client"]}
    host = origin.host or host_of(scope["headers"])
    if origin.host is None and origin.port is None:
        return changed
    if host and origin.port and not has_port(host) and origin.port != DEFAULT_PORTS[scheme]:
        host = f"{host}:{origin.port}"
    if host:
        others = [each for each in scope["headers"] if each[0] != HOST]
        changed["headers"] = [(HOST, host.encode("latin-1")), *others]
    name = without_port(host) or (scope["server"] or ("",))[0]
    changed["server"] = (name, origin.port or DEFAULT_PORTS[scheme])
    return changed


def host_of(headers: HeaderPairs) -> str:
    """Return the host that a request names itself."""
    return next((value.decode("latin-1") for name, value in headers if name == HOST), "")


def has_port(host: str) -> bool:
    """Say whether a port stands behind a host."""
    return without_port(host) != host


def without_port(host: str) -> str:
    """Return a host alone, an IPv6 address in its brackets."""
    before, colon, port = host.rpartition(":")
    return before if colon and port.isdigit() and not before.endswith(":") else host
