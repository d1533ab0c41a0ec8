"""The PROXY protocol, versions 1 and 2: what a balancer says of a connection before its bytes.

Source: "The PROXY protocol", HAProxy Technologies, 2020. Pure; the caller decides whom to believe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar, Final

from ranvier.wire.errors import WireError

Address = tuple[str, int]

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
HEAD_BYTES: Final = 16
BODY_BYTES_HIGHEST: Final = 4096
"""Of version 2: addresses take 36, the rest is what balancers add of TLS."""
LINE_BYTES_HIGHEST: Final = 107
LINE_START: Final = b"PROXY "
LINE: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [ -~]*)?|(?P<kind>TCP4|TCP6) (?P<source>[0-9A-Fa-f:.]+)"
    rb" (?P<target>[0-9A-Fa-f:.]+) (?P<source_port>\d{1,5}) (?P<target_port>\d{1,5}))\r\n"
)

LOCAL, PROXY = 0x20, 0x21
STREAM_IPV4, STREAM_IPV6 = 0x11, 0x21
NOT_INTERNET: Final = frozenset({0x00, 0x31})
TLS_FIELD: Final = 0x20
CLIENT_CAME_BY_TLS: Final = 0x01


class PreambleRefused(WireError):
    """The connection does not begin with a PROXY header of either version, or with a broken one."""

    code: ClassVar[str] = "RANVIER-PROXY-PROTOCOL"

    def __init__(self) -> None:
        super().__init__(
            "The connection does not begin with a PROXY header: let the balancer send one, or"
            " switch proxy_protocol off."
        )


@dataclass(frozen=True, slots=True)
class Preamble:
    """What a balancer tells of a connection; without addresses it speaks for itself."""

    length: int
    """Bytes of the header; what follows them is the client's."""
    source: Address | None = None
    target: Address | None = None
    is_tls: bool = False
    """Whether the client has spoken TLS with the balancer; only version 2 tells."""


def read_preamble(data: bytes) -> Preamble | None:
    """Return the header that these bytes begin with; None while it may still be cut off.

    Raises `PreambleRefused`.
    """
    if SIGNATURE.startswith(data[: len(SIGNATURE)]):
        return _version_2(data) if len(data) >= HEAD_BYTES else None
    if LINE_START.startswith(data[: len(LINE_START)]):
        return _version_1(data)
    raise PreambleRefused


def _version_1(data: bytes) -> Preamble | None:
    end = data.find(b"\r\n", 0, LINE_BYTES_HIGHEST)
    if end < 0:
        if len(data) >= LINE_BYTES_HIGHEST:
            raise PreambleRefused
        return None
    found = LINE.fullmatch(data[: end + 2])
    if found is None:
        raise PreambleRefused
    if found["kind"] is None:
        return Preamble(end + 2)
    make = IPv4Address if found["kind"] == b"TCP4" else IPv6Address
    try:
        source, target = (str(make(found[name].decode())) for name in ("source", "target"))
    except ValueError:
        raise PreambleRefused from None
    ports = int(found["source_port"]), int(found["target_port"])
    if max(ports) > 65_535:
        raise PreambleRefused
    return Preamble(end + 2, (source, ports[0]), (target, ports[1]))


def _version_2(data: bytes) -> Preamble | None:
    command, family = data[12], data[13]
    size = int.from_bytes(data[14:16], "big")
    if command not in (LOCAL, PROXY) or size > BODY_BYTES_HIGHEST:
        raise PreambleRefused
    length = HEAD_BYTES + size
    if len(data) < length:
        return None
    body = data[HEAD_BYTES:length]
    if command == LOCAL or family in NOT_INTERNET:
        return Preamble(length)
    if family == STREAM_IPV4:
        width, make = 4, _ipv4
    elif family == STREAM_IPV6:
        width, make = 16, _ipv6
    else:
        raise PreambleRefused
    fields = body[2 * width + 4 :]
    if len(body) < 2 * width + 4:
        raise PreambleRefused
    source_port = int.from_bytes(body[2 * width : 2 * width + 2], "big")
    target_port = int.from_bytes(body[2 * width + 2 : 2 * width + 4], "big")
    return Preamble(
        length,
        (make(body[:width]), source_port),
        (make(body[width : 2 * width]), target_port),
        _came_by_tls(fields),
    )


def _ipv4(packed: bytes) -> str:
    return str(IPv4Address(packed))


def _ipv6(packed: bytes) -> str:
    return str(IPv6Address(packed))


def _came_by_tls(fields: bytes) -> bool:
    """Look through the fields behind the addresses (type, length, value)."""
    is_tls, position = False, 0
    while position < len(fields):
        value = fields[position + 3 :]
        size = int.from_bytes(fields[position + 1 : position + 3], "big")
        if len(value) < size or len(fields) - position < 3:
            raise PreambleRefused
        if fields[position] == TLS_FIELD and size:
            is_tls = bool(value[0] & CLIENT_CAME_BY_TLS)
        position += 3 + size
    return is_tls
