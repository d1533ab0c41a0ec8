"""A forwarded request as an ASGI application is given it (ASGI 3, HTTP connection scope 2.3)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import unquote

from ranvier.wire.ajp import codes
from ranvier.wire.ajp.request import Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

EXTENSION: Final = "ajp"
"""The key in `scope["extensions"]` of what only AJP tells; all values are texts."""

ACTIVATION: Final = "activation"
"""There: what mod_jk makes of this node, `ACT`, `DIS` (own sessions only) or `STP` (nothing)."""

SESSION_PARAMETER: Final = "session_parameter"
"""There: what stood behind `;jsessionid=` at the end of the path; the path is without it."""

ASGI_VERSION: Final = {"version": "3.0", "spec_version": "2.3"}
SESSION_IN_PATH: Final = re.compile(r"(.*);jsessionid=([^/;]*)", re.IGNORECASE)

CODED_TEXTS: Final = (
    (codes.REMOTE_USER, "remote_user"),
    (codes.AUTH_TYPE, "auth_type"),
    (codes.ROUTE, "route"),
    (codes.SSL_CERT, "tls_certificate"),
    (codes.SSL_CIPHER, "tls_cipher"),
    (codes.SSL_SESSION, "tls_session"),
)
NAMED_TEXTS: Final = ((codes.LB_ACTIVATION, ACTIVATION), (codes.SSL_PROTOCOL, "tls_protocol"))


def scope_of(request: Request) -> Scope:
    """Return the scope: client, server and scheme are those that the web server has seen."""
    raw_path = request.uri
    path = raw_path.decode("ascii")
    told = extension_of(request)
    if ";" in path and (found := SESSION_IN_PATH.fullmatch(path)):
        path, told[SESSION_PARAMETER] = found.groups()
    if "%" in path:
        path = unquote(path)
    return {
        "type": "http",
        "asgi": ASGI_VERSION.copy(),
        "http_version": http_version(request.protocol),
        "server": (text_of(request.server_name or b""), request.server_port),
        "client": client_of(request),
        "scheme": "https" if request.is_tls else "http",
        "root_path": "",
        "method": request.method,
        "path": path,
        "raw_path": raw_path,
        "query_string": request.query,
        "headers": request.headers,
        "state": {},
        "extensions": {EXTENSION: told},
    }


def extension_of(request: Request) -> dict[str, str]:
    """Return what AJP tells beyond HTTP, each only where it was told."""
    coded, named = request.coded, request.named
    told = {name: text_of(coded[code]) for code, name in CODED_TEXTS if code in coded}
    for attribute, name in NAMED_TEXTS:
        if attribute in named:
            told[name] = text_of(named[attribute])
    if request.tls_key_bits is not None:
        told["tls_key_bits"] = str(request.tls_key_bits)
    return told


def client_of(request: Request) -> tuple[str, int] | None:
    """Return address and port of the web server's client; None where it tells no address."""
    address = known_address(request.remote_address or b"")
    port = request.named.get(codes.REMOTE_PORT, b"")
    return (address, int(port[:5]) if port.isdigit() else 0) if address else None


@lru_cache(1024)
def known_address(address: bytes) -> str:
    """Return an IP address as text, or nothing where it is none."""
    try:
        return str(ip_address(address.decode("ascii")))
    except ValueError:
        return ""


def http_version(protocol: bytes) -> str:
    """Return the version of HTTP as ASGI has it: `1.1`, `2`."""
    version = protocol[len("HTTP/") :].decode("ascii")
    return version if version.startswith("1") else version.removesuffix(".0")


def text_of(value: bytes) -> str:
    """Return a text of the web server; what is not UTF-8 in it is replaced."""
    return value.decode("utf-8", "replace")
