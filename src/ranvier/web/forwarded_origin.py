"""Who has sent a request, as trusted balancers tell it; a pure decision over headers.

The hop nearest to the node counts first. Each that is a trusted balancer itself is believed about
the one before it; the first that is not is the client. What stands further left, anybody may have
written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from ranvier.web.errors import ForwardedUnreadable
from ranvier.web.forwarded_elements import forwarded_elements

HeaderPairs = Sequence[tuple[bytes, bytes]]
Client = tuple[str, int]

FORWARDED: Final = b"forwarded"
X_PREFIX: Final = b"x-forwarded-"
FURTHER: Final = b"x-real-ip"
HOPS_HIGHEST: Final = 32

NODE: Final = re.compile(
    r"\[(?P<six>[0-9A-Fa-f:.]+)\](?::(?P<port6>\d{1,5}))?"
    r"|(?P<four>[0-9.]+)(?::(?P<port4>\d{1,5}))?|(?P<bare>[0-9A-Fa-f:.]+)"
)
HOST: Final = re.compile(
    r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?"
)
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Origin:
    """What trusted balancers tell; None where they tell nothing, or nothing that can be read."""

    client: Client | None = None
    scheme: str | None = None
    host: str | None = None
    port: int | None = None


def tells_origin(name: bytes) -> bool:
    """Say whether a header (in lower case) tells of a client what only a balancer can know."""
    return name in (FORWARDED, FURTHER) or name.startswith(X_PREFIX)


def x_forwarded_origin(headers: HeaderPairs, trusts: Callable[[str], bool]) -> Origin:
    """Return what `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` tell."""
    hops = _listed(headers, b"x-forwarded-for")
    client, place = _client_of(hops, trusts)

    def told(name: bytes) -> str:
        values = _listed(headers, name)
        # One for each hop, or those of the nearest alone.
        return _at(values, place if len(values) == len(hops) else None)

    port = told(b"x-forwarded-port")
    return _origin(client, told(b"x-forwarded-proto"), told(b"x-forwarded-host"), port)


def forwarded_origin(headers: HeaderPairs, trusts: Callable[[str], bool]) -> Origin:
    """Return what `Forwarded` tells; raises `ForwardedUnreadable`."""
    lines = [value.decode("latin-1") for name, value in headers if name == FORWARDED]
    if not lines:
        return Origin()
    elements = forwarded_elements(", ".join(lines))
    if elements is None:
        raise ForwardedUnreadable
    hops = [element.get("for", "") for element in elements]
    client, place = _client_of(hops, trusts)
    element = elements[-1 if place is None else place]
    return _origin(client, element.get("proto", ""), element.get("host", ""), "")


def _listed(headers: HeaderPairs, name: bytes) -> list[str]:
    lines = [value.decode("latin-1") for found, value in headers if found == name]
    if not lines:
        return []
    # From the right: of a list that a stranger has made long, its left end is not looked at.
    return [each.strip(" \t") for each in ",".join(lines).rsplit(",", HOPS_HIGHEST)]


def _at(values: Sequence[str], place: int | None) -> str:
    if not values:
        return ""
    return values[-1 if place is None else place]


def _client_of(
    hops: Sequence[str], trusts: Callable[[str], bool]
) -> tuple[Client | None, int | None]:
    """Return the client, and its place in the list."""
    client: Client | None = None
    place: int | None = None
    for index in range(len(hops) - 1, -1, -1):
        hop = read_node(hops[index])
        if hop is None:
            # `unknown`, a hidden name, or rubbish: nobody further left can be vouched for.
            break
        client, place = hop, index
        if not trusts(hop[0]):
            break
    return client, place


def read_node(text: str) -> Client | None:
    """Return address and port (0 for none) of a hop; None where it is no address."""
    found = NODE.fullmatch(text)
    if found is None:
        return None
    try:
        address = ip_address(found["six"] or found["four"] or found["bare"])
    except ValueError:
        return None
    port = int(found["port6"] or found["port4"] or 0)
    return (str(address), port) if port < 65_536 else None


def _origin(client: Client | None, proto: str, host: str, port: str) -> Origin:
    found = HOST.fullmatch(host)
    told_port = read_port((found["port"] if found else None) or port)
    if found and found["port"] and told_port is None:
        found = None
    return Origin(client, SCHEMES.get(proto.lower()), host if found else None, told_port)


def read_port(text: str) -> int | None:
    """Return a port; None where it is none."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return number if 0 < number < 65_536 else None
