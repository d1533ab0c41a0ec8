"""Where a hub's servers are, read from what a user writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.client.errors import InvalidRequest

GRPC_PORT: Final = 8124
SECURE: Final = ("https", "grpcs")
PLAIN: Final = ("http", "grpc")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A host, by name or number, and its gRPC port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return `host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServerList:
    """The servers that a client may ask for its node, and whether the text demands TLS."""

    servers: tuple[ServerAddress, ...]
    is_secure: bool

    def __str__(self) -> str:
        """Return the list as a user writes it."""
        return ",".join(map(str, self.servers))


def server_list(text: str) -> ServerList:
    """Read `host`, `host:port`, `grpcs://host:port`, or several behind commas."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise InvalidRequest("name a server, as in localhost:8124")
    schemes = {part.partition("://")[0].lower() for part in parts if "://" in part}
    unknown = schemes.difference(SECURE, PLAIN)
    if unknown:
        raise InvalidRequest(
            f"the scheme {unknown.pop()!r} is not one of {', '.join(PLAIN + SECURE)}"
        )
    addresses = tuple(server_address(part.rpartition("://")[2].rstrip("/")) for part in parts)
    return ServerList(addresses, bool(schemes.intersection(SECURE)))


def server_address(text: str) -> ServerAddress:
    """Read `host`, `host:port`, `[::1]` or `[::1]:port`."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port_text = rest.removeprefix(":")
    elif text.count(":") > 1:
        host, port_text = text, ""
    else:
        host, _, port_text = text.partition(":")
    port = int(port_text) if port_text.isdecimal() else 0
    if not host or (port_text and not 0 < port < 65_536):
        raise InvalidRequest(f"{text!r} is no address of a server; write host:port")
    return ServerAddress(host, port or GRPC_PORT)
